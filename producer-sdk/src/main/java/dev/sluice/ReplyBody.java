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
                    said(message),
                    text(choice.path("finish_reason")),
                    toolCalls.isArray() && !toolCalls.isEmpty() ? toolCalls.toString() : null,
                    usage(root.path("usage")),
                    error(root.path("error")));
        } catch (JacksonException e) {
            return EMPTY;
        }
    }

    /** Returns the content as a text or a list of parts, or else the refusal, which takes the place of a content. */
    private static String said(JsonNode message) {
        String content = joined(message.path("content"), "text");
        if (!content.isEmpty()) {
            return content;
        }
        String refusal = joined(message.path("content"), "refusal");
        return refusal.isEmpty() ? message.path("refusal").stringValue("") : refusal;
    }

    /** Returns a text, or the texts of the parts that have this field, one after another. */
    private static String joined(JsonNode content, String field) {
        if (!content.isArray()) {
            return content.stringValue("");
        }
        StringBuilder joined = new StringBuilder();
        for (JsonNode part : content) {
            joined.append(
                    part.isString() ? part.stringValue() : part.path(field).stringValue(""));
        }
        return joined.toString();
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
        return new ChatError(
                error.path("message").stringValue(""),
                text(error.path("type")),
                text(error.path("code")),
                text(error.path("param")));
    }

    /** Returns a string or a number as text. Some providers write a code as a number. */
    private static @Nullable String text(JsonNode value) {
        return value.isString() || value.isNumber() ? value.asString() : null;
    }
}
