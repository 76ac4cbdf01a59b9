package dev.sluice.stream;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;

/** An array of which each chunk has some elements. Of anything else the last value counts. */
final class MergedArray implements MergedValue {
    private final AssembledSize size;
    private final LastValue other;
    private @Nullable ArrayNode elements;

    MergedArray(AssembledSize size) {
        this.size = size;
        this.other = new LastValue(size);
    }

    @Override
    public void add(JsonNode next) {
        if (!next.isArray()) {
            other.add(next);
            return;
        }
        if (elements == null) {
            elements = JsonNodeFactory.instance.arrayNode();
        }
        if (!next.isEmpty()) {
            size.growBy(next.toString());
        }
        elements.addAll((ArrayNode) next);
    }

    @Override
    public JsonNode value() {
        return elements == null ? other.value() : elements.deepCopy();
    }
}
