package dev.sluice.stream;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;
import tools.jackson.databind.node.ObjectNode;

/** An object whose fields are merged one by one, in the order in which they are first seen. */
final class MergedObject implements MergedValue {
    private final AssembledSize size;
    private final Function<String, MergedValue> kinds;
    private final Map<String, MergedValue> fields = new LinkedHashMap<>();
    private boolean isObject;

    /** @param kinds makes the value of a field by its name */
    MergedObject(AssembledSize size, Function<String, MergedValue> kinds) {
        this.size = size;
        this.kinds = kinds;
    }

    @Override
    public void add(JsonNode next) {
        if (next.isObject()) {
            isObject = true;
            next.properties().forEach(field -> add(field.getKey(), field.getValue()));
        }
    }

    /** Adds to one field. */
    void add(String name, JsonNode next) {
        MergedValue field = fields.get(name);
        if (field == null) {
            size.grow(name);
            field = kinds.apply(name);
            fields.put(name, field);
        }
        field.add(next);
    }

    @Nullable
    MergedValue field(String name) {
        return fields.get(name);
    }

    /** Returns an object with the fields so far, which is the caller's own. */
    ObjectNode object() {
        ObjectNode object = JsonNodeFactory.instance.objectNode();
        fields.forEach((name, field) -> object.set(name, field.value()));
        return object;
    }

    @Override
    public JsonNode value() {
        return isObject ? object() : NullNode.getInstance();
    }
}
