package dev.sluice.stream;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;

/** The tool calls of a message, which are told apart as {@link ToolCallNumbers} says. */
final class MergedToolCalls implements MergedValue {
    private static final String INDEX = "index";

    private final AssembledSize size;
    private final ToolCallNumbers numbers = new ToolCallNumbers();
    /** The calls by their number. */
    private final List<ToolCall> calls = new ArrayList<>();

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
        next.properties().stream()
                .filter(field -> !field.getKey().equals(INDEX))
                .forEach(field -> call.fields.add(field.getKey(), field.getValue()));
    }

    private ToolCall callOf(JsonNode next) {
        int number = numbers.of(next);
        if (number == calls.size()) {
            // Calls without an index keep the order in which they came, behind those that have one.
            int index = next.path(INDEX).intValue(Integer.MAX_VALUE);
            size.grow(INDEX);
            calls.add(new ToolCall(index, new MergedObject(size, this::kind)));
        }
        return calls.get(number);
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
        calls.stream()
                .sorted(Comparator.comparingInt(ToolCall::index))
                .forEach(call -> sorted.add(call.fields.object()));
        return sorted;
    }
}
