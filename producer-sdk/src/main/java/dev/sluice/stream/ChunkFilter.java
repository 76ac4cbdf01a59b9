package dev.sluice.stream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Makes of the API's chunks what can be shown before the reply is committed: chunks of one choice each, without finish
 * reason and usage. Everything else stays, unknown fields included. Not thread-safe.
 */
final class ChunkFilter {
    private static final String DELTA = "delta";

    private final Map<Integer, ToolCallNumbers> toolCalls = new HashMap<>();
    private final HalfCharacters halves = new HalfCharacters();

    /**
     * Returns the chunks to show. It is empty if this chunk has an error or no form that is known, so that nothing
     * after it can be shown either.
     *
     * @param chunk is changed
     */
    Optional<List<ObjectNode>> filter(ObjectNode chunk) {
        JsonNode error = chunk.path("error");
        JsonNode choices = chunk.path("choices");
        if (!(error.isMissingNode() || error.isNull()) || !(choices.isArray() || choices.isMissingNode())) {
            return Optional.empty();
        }
        chunk.remove(List.of("error", "usage", "choices"));
        List<ObjectNode> shown = new ArrayList<>();
        int place = 0;
        for (JsonNode choice : choices.values()) {
            if (!(choice instanceof ObjectNode own) || !normalize(own, place++)) {
                return Optional.empty();
            }
            ObjectNode single = choices.size() == 1 ? chunk : chunk.objectNode().setAll(chunk);
            single.set("choices", single.arrayNode().add(own));
            shown.add(single);
        }
        return Optional.of(shown);
    }

    private boolean normalize(ObjectNode choice, int place) {
        if (!choice.path("index").isInt()) {
            choice.put("index", place);
        }
        if (!choice.path(DELTA).isObject() && choice.path("message").isObject()) {
            choice.set(DELTA, choice.remove("message"));
        }
        choice.putNull("finish_reason");
        if (!(choice.path(DELTA) instanceof ObjectNode delta)) {
            return false;
        }
        int index = choice.path("index").intValue();
        for (String field : CompletionTail.TEXTS) {
            repair(delta, field, index + field);
        }
        if (delta.path("function_call") instanceof ObjectNode call) {
            repair(call, "arguments", index + "function_call");
        }
        return !delta.has("tool_calls") || number(delta, index);
    }

    private boolean number(ObjectNode delta, int choice) {
        if (!(delta.get("tool_calls") instanceof ArrayNode calls)) {
            return delta.path("tool_calls").isNull();
        }
        ToolCallNumbers numbers = toolCalls.computeIfAbsent(choice, first -> new ToolCallNumbers());
        for (JsonNode call : calls.values()) {
            if (!(call instanceof ObjectNode own)) {
                return false;
            }
            int number = numbers.of(own);
            own.put("index", number);
            if (own.path("function") instanceof ObjectNode function) {
                repair(function, "arguments", choice + "call" + number);
            }
            if (own.path("custom") instanceof ObjectNode custom) {
                repair(custom, "input", choice + "custom" + number);
            }
        }
        return true;
    }

    private void repair(ObjectNode object, String field, String place) {
        JsonNode text = object.path(field);
        if (text.isString()) {
            object.put(field, halves.whole(place, text.stringValue()));
        }
    }

    /** Returns true if a chunk of one choice says anything, be it with its delta or beside it. */
    static boolean saysAnything(ObjectNode chunk) {
        JsonNode choice = chunk.path("choices").path(0);
        for (Map.Entry<String, JsonNode> field : choice.path(DELTA).properties()) {
            if (!field.getKey().equals("role") && !isNothing(field.getValue())) {
                return true;
            }
        }
        return !isNothing(choice.path("logprobs"));
    }

    private static boolean isNothing(JsonNode value) {
        return value.isMissingNode()
                || value.isNull()
                || (value.isContainer() && value.isEmpty())
                || (value.isString() && value.stringValue().isEmpty());
    }

    /** Returns true if a chunk of one choice says who speaks, as the first one of each choice does. */
    static boolean hasRole(ObjectNode chunk) {
        return chunk.path("choices").path(0).path(DELTA).path("role").isString();
    }
}
