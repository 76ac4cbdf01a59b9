package dev.sluice.stream;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * The fields that all chunks of one stream have in common. Clients expect the same id, time and model in each of them.
 * A frame is immutable as long as nobody changes its nodes, and thread-safe.
 *
 * @param fingerprint the {@code system_fingerprint}, or null if the answer has none
 */
record ChunkFrame(
        String id, long created, String model, @Nullable String fingerprint) {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    /** Returns the frame of a completion, or of one of its chunks. */
    static ChunkFrame of(JsonNode source) {
        return new ChunkFrame(
                source.path("id").asString(""),
                source.path("created").asLong(0),
                source.path("model").asString(""),
                source.path("system_fingerprint").stringValue(null));
    }

    /** Makes a chunk of one choice, whose finish reason is null. */
    ObjectNode chunk(int choice, ObjectNode delta) {
        ObjectNode chunk = head(NODES.objectNode());
        ObjectNode only = chunk.putArray("choices").addObject();
        only.put("index", choice);
        only.set("delta", delta);
        only.putNull("finish_reason");
        return chunk;
    }

    /** Gives a chunk this frame. */
    ObjectNode head(ObjectNode chunk) {
        chunk.put("id", id);
        chunk.put("object", "chat.completion.chunk");
        chunk.put("created", created);
        chunk.put("model", model);
        if (fingerprint != null) {
            chunk.put("system_fingerprint", fingerprint);
        }
        return chunk;
    }
}
