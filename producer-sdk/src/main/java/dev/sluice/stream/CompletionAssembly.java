package dev.sluice.stream;

import java.util.Map;
import java.util.TreeMap;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Puts the chunks of a streamed answer together to the completion that the API would have sent as a whole.
 *
 * <p>Texts that come in pieces are concatenated: content, reasoning, refusal, and the arguments of tool and function
 * calls. The arrays of {@code logprobs} are appended. Of everything else, unknown fields included, the last value
 * counts that is not null. The result is what we define so, and not the API's answer byte for byte. Not thread-safe.
 */
public final class CompletionAssembly {
    private static final String CHOICES = "choices";
    private static final String OBJECT = "object";
    private static final String ERROR = "error";

    private final int choiceCount;
    private final AssembledSize size;
    private final MergedObject fields;
    private final Map<Integer, MergedChoice> choices = new TreeMap<>();
    private boolean isEmpty = true;
    private boolean hasEnded;

    /** The results of adding a chunk. */
    public enum Added {
        /** It is part of the completion. */
        TAKEN,
        /** It is the API's word that the stream has failed. The completion has not changed. */
        ERROR,
        /** It is no JSON object. The completion has not changed. */
        MALFORMED,
        /** It is part of the completion, which is larger than its bound now. */
        TOO_LARGE
    }

    /**
     * @param choiceCount the number of choices that the request asks for, at least 1
     * @param maxBytes the largest completion, roughly counted as JSON
     */
    public CompletionAssembly(int choiceCount, int maxBytes) {
        this.choiceCount = choiceCount;
        this.size = new AssembledSize(maxBytes);
        this.fields = new MergedObject(size, unused -> new LastValue(size));
    }

    /** Adds a chunk, the JSON of a {@code chat.completion.chunk}. A chunk may name any of the choices. */
    public Added add(byte[] chunk) {
        JsonNode next;
        try {
            next = ChunkJson.MAPPER.readTree(chunk);
        } catch (JacksonException e) {
            return Added.MALFORMED;
        }
        return next instanceof ObjectNode object ? add(object) : Added.MALFORMED;
    }

    /** Adds a chunk that was parsed already. It must not be changed from now on. */
    Added add(ObjectNode next) {
        if (isError(next)) {
            return Added.ERROR;
        }
        isEmpty = false;
        next.properties().forEach(field -> {
            switch (field.getKey()) {
                case CHOICES -> addChoices(field.getValue());
                case OBJECT, ERROR -> {}
                default -> fields.add(field.getKey(), field.getValue());
            }
        });
        return size.isExceeded() ? Added.TOO_LARGE : Added.TAKEN;
    }

    private static boolean isError(JsonNode chunk) {
        JsonNode error = chunk.path(ERROR);
        return !(error.isMissingNode() || error.isNull())
                || chunk.path(OBJECT).stringValue("").equals(ERROR);
    }

    private void addChoices(JsonNode next) {
        int place = 0;
        for (JsonNode choice : next.values()) {
            JsonNode named = choice.path(MergedChoice.INDEX);
            int index = named.isInt() ? named.intValue() : place;
            choices.computeIfAbsent(index, unused -> new MergedChoice(index, size))
                    .add(choice);
            place++;
        }
    }

    /** Takes note that the API has ended the stream with {@code [DONE]}. */
    public void end() {
        hasEnded = true;
    }

    /** Returns true if the stream has ended, or every choice that was asked for has a finish reason. */
    public boolean isComplete() {
        return hasEnded
                || choices.values().stream().filter(MergedChoice::isFinished).count() >= choiceCount;
    }

    /** Returns true if no chunk was added. */
    public boolean isEmpty() {
        return isEmpty;
    }

    /** Returns roughly the bytes of the completion as JSON. */
    public long bytes() {
        return size.bytes();
    }

    /** Returns the completion so far, an object of the caller's own. */
    public ObjectNode tree() {
        ObjectNode tree = ChunkJson.MAPPER.createObjectNode();
        ObjectNode seen = fields.object();
        if (seen.has("id")) {
            tree.set("id", seen.get("id"));
        }
        tree.put(OBJECT, "chat.completion");
        seen.properties().stream()
                .filter(field -> !isUnknownUsage(field.getKey(), field.getValue()))
                .forEach(field -> tree.set(field.getKey(), field.getValue()));
        ArrayNode all = tree.putArray(CHOICES);
        choices.values().forEach(choice -> all.add(choice.value()));
        return tree;
    }

    /** Returns true for the usage that is null in each chunk. A whole answer without usage has no such field. */
    private static boolean isUnknownUsage(String name, JsonNode value) {
        return name.equals("usage") && value.isNull();
    }

    /** Returns the completion so far as JSON in UTF-8. Half a surrogate pair is escaped, as the API has sent it. */
    public byte[] completion() {
        return ChunkJson.bytes(tree());
    }
}
