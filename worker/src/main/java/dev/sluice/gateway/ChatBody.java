package dev.sluice.gateway;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The wishes in the body of a chat request about how its answer is to be sent. The body itself reaches the API as it
 * is.
 *
 * @param isStream true if the client wants a stream
 * @param includesUsage true if the client wants the usage in its stream
 */
record ChatBody(boolean isStream, boolean includesUsage) {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    /** Reads a body. What is no JSON object asks for no stream, since the queue's own check explains it. */
    static ChatBody of(byte[] json) {
        try {
            JsonNode root = MAPPER.readTree(json);
            boolean isStream = root.path("stream").booleanValue(false);
            boolean usage = root.path("stream_options").path("include_usage").booleanValue(false);
            return new ChatBody(isStream, isStream && usage);
        } catch (JacksonException e) {
            return new ChatBody(false, false);
        }
    }
}
