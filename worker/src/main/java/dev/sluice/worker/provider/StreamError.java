package dev.sluice.worker.provider;

import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/** The error with which an API ends a stream that has begun. */
public final class StreamError {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final String ERROR = "error";

    private StreamError() {}

    /**
     * Returns the body of an answer that says the same. The event has an {@code error} as answers have it, or is the
     * error itself: an object, or a text that is no JSON.
     *
     * @param data the data of the event
     */
    public static byte[] body(byte[] data) {
        JsonNode said = read(data);
        JsonNode error = said.path(ERROR);
        if (error.isObject()
                || error.isString()
                || said.path("object").stringValue("").equals(ERROR)) {
            return data;
        }
        ObjectNode body = JSON.createObjectNode();
        body.set(ERROR, said);
        return JSON.writeValueAsBytes(body);
    }

    private static JsonNode read(byte[] data) {
        try {
            JsonNode said = JSON.readTree(data);
            return said.isObject() ? said : StringNode.valueOf(said.asString(""));
        } catch (JacksonException e) {
            return StringNode.valueOf(new String(data, StandardCharsets.UTF_8));
        }
    }
}
