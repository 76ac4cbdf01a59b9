package dev.sluice.sandbox;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.IntSupplier;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Cuts a whole completion into the chunks that the API streams. Each chunk has one choice, and choices take turns. A
 * choice begins with its role, goes on with pieces of its texts and of the arguments of its calls, and ends with its
 * finish reason. Not thread-safe.
 */
public final class CompletionChunks {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final List<String> TEXTS = List.of("reasoning", "reasoning_content", "content", "refusal");
    private static final Set<String> NOT_IN_FIRST_CHUNK = Set.of("object", "choices", "usage");

    private final IntSupplier pieceLength;
    private final boolean splitsPairs;

    /**
     * @param pieceLength returns the length of the next piece of a text in UTF-16 units, at least 1
     * @param splitsPairs true if a piece may end within a surrogate pair
     */
    public CompletionChunks(IntSupplier pieceLength, boolean splitsPairs) {
        this.pieceLength = pieceLength;
        this.splitsPairs = splitsPairs;
    }

    /**
     * Returns the chunks of a completion.
     *
     * @param withUsage true if the usage follows in a chunk without choices, as {@code include_usage} asks for
     */
    public List<ObjectNode> of(ObjectNode completion, boolean withUsage) {
        List<ObjectNode> chunks = new ArrayList<>();
        for (ObjectNode choice : inTurns(completion.path("choices"))) {
            ObjectNode chunk = empty(completion, chunks.isEmpty());
            chunk.putArray("choices").add(choice);
            if (withUsage) {
                chunk.putNull("usage");
            }
            chunks.add(chunk);
        }
        if (withUsage && completion.has("usage")) {
            ObjectNode last = empty(completion, false);
            last.putArray("choices");
            chunks.add(last.set("usage", completion.get("usage")));
        }
        return chunks;
    }

    private static ObjectNode empty(ObjectNode completion, boolean isFirst) {
        ObjectNode chunk = JSON.createObjectNode();
        chunk.put("object", "chat.completion.chunk");
        completion.properties().stream()
                .filter(field -> isFirst || isInEveryChunk(field.getKey()))
                .filter(field -> !NOT_IN_FIRST_CHUNK.contains(field.getKey()))
                .forEach(field -> chunk.set(field.getKey(), field.getValue()));
        return chunk;
    }

    private static boolean isInEveryChunk(String field) {
        return field.equals("id") || field.equals("created") || field.equals("model");
    }

    private List<ObjectNode> inTurns(JsonNode choices) {
        List<List<ObjectNode>> all = new ArrayList<>();
        choices.values().forEach(choice -> all.add(choice(choice)));
        List<ObjectNode> turns = new ArrayList<>();
        int longest = all.stream().mapToInt(List::size).max().orElse(0);
        for (int turn = 0; turn < longest; turn++) {
            for (List<ObjectNode> choice : all) {
                if (turn < choice.size()) {
                    turns.add(choice.get(turn));
                }
            }
        }
        return turns;
    }

    private List<ObjectNode> choice(JsonNode choice) {
        JsonNode message = choice.path("message");
        List<ObjectNode> deltas = new ArrayList<>();
        deltas.add(beginning(message));
        for (String text : TEXTS) {
            pieces(message.path(text).stringValue("")).forEach(piece -> deltas.add(delta().put(text, piece)));
        }
        int place = 0;
        for (JsonNode call : message.path("tool_calls").values()) {
            toolCall(call, place++, deltas);
        }
        functionCall(message.path("function_call"), deltas);
        deltas.add(delta());
        return withLogprobs(choice, deltas);
    }

    private static ObjectNode delta() {
        return JSON.createObjectNode();
    }

    /** Returns the first delta. It has the role, and the texts as empty ones so that null stays null. */
    private static ObjectNode beginning(JsonNode message) {
        ObjectNode delta = delta();
        message.properties().forEach(field -> {
            boolean isText = TEXTS.contains(field.getKey()) && field.getValue().isString();
            if (isText) {
                delta.put(field.getKey(), "");
            } else if (!field.getKey().endsWith("_calls") && !field.getKey().equals("function_call")) {
                delta.set(field.getKey(), field.getValue());
            }
        });
        return delta;
    }

    private void toolCall(JsonNode call, int index, List<ObjectNode> deltas) {
        ObjectNode first = ((ObjectNode) call.deepCopy()).put("index", index);
        ObjectNode function = (ObjectNode) first.path("function");
        String arguments = function.path("arguments").stringValue("");
        function.put("arguments", "");
        deltas.add(ofToolCall(first));
        for (String piece : pieces(arguments)) {
            ObjectNode next = JSON.createObjectNode().put("index", index);
            next.putObject("function").put("arguments", piece);
            deltas.add(ofToolCall(next));
        }
    }

    private static ObjectNode ofToolCall(ObjectNode call) {
        ObjectNode delta = delta();
        delta.putArray("tool_calls").add(call);
        return delta;
    }

    private void functionCall(JsonNode call, List<ObjectNode> deltas) {
        if (call.isObject()) {
            ObjectNode first = (ObjectNode) call.deepCopy();
            String arguments = first.path("arguments").stringValue("");
            deltas.add(delta().set("function_call", first.put("arguments", "")));
            for (String piece : pieces(arguments)) {
                ObjectNode delta = delta();
                delta.putObject("function_call").put("arguments", piece);
                deltas.add(delta);
            }
        }
    }

    private List<ObjectNode> withLogprobs(JsonNode choice, List<ObjectNode> deltas) {
        List<ObjectNode> parts = new ArrayList<>();
        for (int i = 0; i < deltas.size(); i++) {
            boolean isLast = i == deltas.size() - 1;
            ObjectNode part = JSON.createObjectNode();
            part.set("index", choice.path("index"));
            part.set("delta", deltas.get(i));
            part.putNull("finish_reason");
            if (isLast) {
                choice.properties().stream()
                        .filter(field -> !field.getKey().equals("message")
                                && !field.getKey().equals("logprobs"))
                        .forEach(field -> part.set(field.getKey(), field.getValue()));
            }
            if (choice.has("logprobs")) {
                part.set("logprobs", logprobs(choice.path("logprobs"), i, deltas.size()));
            }
            parts.add(part);
        }
        return parts;
    }

    /** Returns the part of each array that belongs to one of so many chunks; null if there are no arrays. */
    private static JsonNode logprobs(JsonNode logprobs, int chunk, int chunks) {
        if (!logprobs.isObject()) {
            return logprobs;
        }
        ObjectNode part = JSON.createObjectNode();
        logprobs.properties().forEach(field -> {
            if (field.getValue() instanceof ArrayNode array) {
                ArrayNode some = part.putArray(field.getKey());
                long begin = (long) array.size() * chunk / chunks;
                long end = (long) array.size() * (chunk + 1) / chunks;
                for (long i = begin; i < end; i++) {
                    some.add(array.get((int) i));
                }
            } else {
                part.set(field.getKey(), field.getValue());
            }
        });
        return part;
    }

    private List<String> pieces(String text) {
        List<String> pieces = new ArrayList<>();
        int begin = 0;
        while (begin < text.length()) {
            int end = Math.min(text.length(), begin + Math.max(1, pieceLength.getAsInt()));
            if (!splitsPairs && end < text.length() && Character.isLowSurrogate(text.charAt(end))) {
                end++;
            }
            pieces.add(text.substring(begin, end));
            begin = end;
        }
        return pieces;
    }
}
