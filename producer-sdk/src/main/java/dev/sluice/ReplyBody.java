package dev.sluice;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The fields read from a reply's body. Each of them may be missing, because replies pass through byte for byte. */
record ReplyBody(
        String text,
        @Nullable String finishReason,
        @Nullable String toolCalls,
        @Nullable Usage usage,
        @Nullable ChatError error) {
    private static final ReplyBody EMPTY = new ReplyBody("", null, null, null, null);

    /** Parses a body and never throws. A body that is not JSON gives an empty result. */
    static ReplyBody parse(byte[] body) {
        try {
            JsonNode root = JsonMapping.MAPPER.readTree(body);
            JsonNode choice = root.path("choices").path(0);
            JsonNode message = choice.path("message");
            JsonNode toolCalls = message.path("tool_calls");
            return new ReplyBody(
                    message.path("content").stringValue(""),
                    text(choice.path("finish_reason")),
                    toolCalls.isArray() && !toolCalls.isEmpty() ? toolCalls.toString() : null,
                    usage(root.path("usage")),
                    error(root.path("error")));
        } catch (JacksonException e) {
            return EMPTY;
        }
    }

    private static @Nullable Usage usage(JsonNode usage) {
        if (!usage.isObject()) {
            return null;
        }
        return new Usage(
                usage.path("prompt_tokens").longValue(0),
                usage.path("completion_tokens").longValue(0),
                usage.path("total_tokens").longValue(0));
    }

    private static @Nullable ChatError error(JsonNode error) {
        if (!error.isObject()) {
            return null;
        }
        return new ChatError(error.path("message").stringValue(""), text(error.path("type")), text(error.path("code")));
    }

    /** Returns a string or a number as text. Some providers write a code as a number. */
    private static @Nullable String text(JsonNode value) {
        return value.isString() || value.isNumber() ? value.asString() : null;
    }
}
