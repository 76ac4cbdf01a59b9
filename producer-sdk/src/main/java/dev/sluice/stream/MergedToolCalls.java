package dev.sluice.stream;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;

/**
 * The tool calls of a message. A piece belongs to the call with its {@code index}, else to the one with its {@code id}.
 * A piece with neither goes on with the last call.
 */
final class MergedToolCalls implements MergedValue {
    private static final String INDEX = "index";

    private final AssembledSize size;
    /** The calls by their index, an Integer, or by their id. */
    private final Map<Object, ToolCall> calls = new LinkedHashMap<>();

    private @Nullable ToolCall last;

    /** One tool call and its place among the others. */
    private record ToolCall(int index, MergedObject fields) {}

    MergedToolCalls(AssembledSize size) {
        this.size = size;
    }

    @Override
    public void add(JsonNode next) {
        if (next.isArray()) {
            next.values().forEach(this::addCall);
        }
    }

    private void addCall(JsonNode next) {
        ToolCall call = callOf(next);
        last = call;
        next.properties().stream()
                .filter(field -> !field.getKey().equals(INDEX))
                .forEach(field -> call.fields.add(field.getKey(), field.getValue()));
    }

    private ToolCall callOf(JsonNode next) {
        JsonNode index = next.path(INDEX);
        String id = next.path("id").stringValue("");
        if (index.isInt()) {
            return calls.computeIfAbsent(index.intValue(), unused -> begin(index.intValue()));
        }
        if (id.isEmpty() && last != null) {
            return last;
        }
        // Calls without an index keep the order in which they came, behind those that have one.
        return calls.computeIfAbsent(id, unused -> begin(Integer.MAX_VALUE));
    }

    private ToolCall begin(int index) {
        size.grow(INDEX);
        return new ToolCall(index, new MergedObject(size, this::kind));
    }

    private MergedValue kind(String name) {
        return switch (name) {
            case "function" -> MergedMessage.function(size);
            case "custom" ->
                new MergedObject(size, field -> field.equals("input") ? new MergedText(size) : new LastValue(size));
            default -> new LastValue(size);
        };
    }

    @Override
    public JsonNode value() {
        if (calls.isEmpty()) {
            return NullNode.getInstance();
        }
        ArrayNode sorted = JsonNodeFactory.instance.arrayNode();
        calls.values().stream()
                .sorted(Comparator.comparingInt(ToolCall::index))
                .forEach(call -> sorted.add(call.fields.object()));
        return sorted;
    }
}
