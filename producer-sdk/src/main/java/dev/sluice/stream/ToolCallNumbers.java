package dev.sluice.stream;

import java.util.HashMap;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Numbers the tool calls of one choice in the order in which they are first seen. Clients put the pieces of a call
 * together by its number, which not every API sends, or counts from 0. Not thread-safe.
 */
final class ToolCallNumbers {
    private final Map<Object, Integer> numbers = new HashMap<>();
    private int last;

    /** Returns the number of the call that this piece belongs to. The rule is that of {@link MergedToolCalls}. */
    int of(JsonNode piece) {
        JsonNode index = piece.path("index");
        String id = piece.path("id").stringValue("");
        if (index.isInt()) {
            last = numbers.computeIfAbsent(index.intValue(), first -> numbers.size());
        } else if (!id.isEmpty() || numbers.isEmpty()) {
            last = numbers.computeIfAbsent(id, first -> numbers.size());
        }
        return last;
    }
}
