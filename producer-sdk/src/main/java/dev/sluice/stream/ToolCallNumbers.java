package dev.sluice.stream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;

/**
 * Numbers the tool calls of one choice in the order in which they are first seen. A piece belongs to the call with its
 * {@code index}, else to the one with its {@code id}. A piece with neither goes on with the last call.
 *
 * <p>Some APIs give all parallel calls the index 0. So a piece with a name and an id begins a call of its own where the
 * call with its index has another id. Without a name it does not, since others make up a new id for each piece. Not
 * thread-safe.
 */
final class ToolCallNumbers {
    private final Map<Integer, List<Call>> byIndex = new HashMap<>();
    private final Map<String, Call> byId = new HashMap<>();
    private int count;
    private int last;

    private static final class Call {
        private final int number;
        private String id;

        Call(int number, String id) {
            this.number = number;
            this.id = id;
        }
    }

    /** Returns the number of the call that this piece belongs to, from 0. */
    int of(JsonNode piece) {
        JsonNode index = piece.path("index");
        String id = piece.path("id").stringValue("");
        if (index.isInt()) {
            List<Call> calls = byIndex.computeIfAbsent(index.intValue(), first -> new ArrayList<>());
            last = find(calls, id, piece).number;
        } else if (!id.isEmpty() || count == 0) {
            last = byId.computeIfAbsent(id, this::begin).number;
        }
        return last;
    }

    private Call find(List<Call> calls, String id, JsonNode piece) {
        for (Call call : calls) {
            if (!id.isEmpty() && call.id.equals(id)) {
                return call;
            }
        }
        Call latest = calls.isEmpty() ? null : calls.get(calls.size() - 1);
        if (latest == null || (!id.isEmpty() && !latest.id.isEmpty() && hasName(piece))) {
            Call next = begin(id);
            calls.add(next);
            return next;
        }
        if (latest.id.isEmpty()) {
            latest.id = id;
        }
        return latest;
    }

    private Call begin(String id) {
        return new Call(count++, id);
    }

    private static boolean hasName(JsonNode piece) {
        return !piece.path("function").path("name").stringValue("").isEmpty()
                || !piece.path("custom").path("name").stringValue("").isEmpty();
    }
}
