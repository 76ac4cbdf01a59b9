package dev.sluice.gateway.files;

import java.io.IOException;
import java.time.Instant;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * The description of a stored file, which never changes.
 *
 * @param createdAt when it was stored, in seconds since 1970
 * @param filename the caller's name for it, which is no path
 * @param expiresAt when it is gone, in seconds since 1970
 */
public record StoredFile(String id, long bytes, long createdAt, String filename, String purpose, long expiresAt) {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    /** Thrown when the description of a file is not what was written. */
    static final class DamagedException extends IOException {
        DamagedException(Exception cause) {
            super("the description of a stored file is damaged", cause);
        }
    }

    /** Returns the file in the form of OpenAI's API. */
    public ObjectNode json() {
        ObjectNode json = MAPPER.createObjectNode();
        json.put("id", id);
        json.put("object", "file");
        json.put("bytes", bytes);
        json.put("created_at", createdAt);
        json.put("filename", filename);
        json.put("purpose", purpose);
        json.put("status", "processed"); // clients that wait for a file to be ready ask for this word
        json.put("expires_at", expiresAt);
        return json;
    }

    byte[] bytesOfJson() {
        return MAPPER.writeValueAsBytes(json());
    }

    /** Reads the form that {@link #json} returns. */
    static StoredFile parse(byte[] json) throws DamagedException {
        try {
            JsonNode node = MAPPER.readTree(json);
            return new StoredFile(
                    node.required("id").asString(),
                    node.required("bytes").asLong(),
                    node.required("created_at").asLong(),
                    node.required("filename").asString(),
                    node.required("purpose").asString(),
                    node.required("expires_at").asLong());
        } catch (JacksonException | IllegalArgumentException e) {
            throw new DamagedException(e);
        }
    }

    boolean isExpired(Instant now) {
        return now.getEpochSecond() >= expiresAt;
    }
}
