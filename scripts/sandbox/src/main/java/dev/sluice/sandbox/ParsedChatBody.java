package dev.sluice.sandbox;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The parts of a body that the API reads.
 *
 * @param text the text of the last message; parts of content are joined; empty if there is none
 * @param tool the name of the first function that the model may call, or null
 * @param isStreamed true if the answer is to come as a stream
 * @param wantsUsage true if the usage is to follow in a chunk of its own
 * @param invalid the reason why the API rejects the body, or null. The other components are then read as far as
 *     possible.
 */
record ParsedChatBody(
        long bodyHash,
        String model,
        String text,
        int promptTokens,
        int choices,
        @Nullable Integer maxTokens,
        @Nullable String tool,
        boolean isStreamed,
        boolean wantsUsage,
        @Nullable Invalid invalid) {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int CHARACTERS_PER_TOKEN = 4;
    private static final int TOKENS_PER_MESSAGE = 4;

    /**
     * The reason why a body is rejected.
     *
     * @param param the invalid key, or null for the body as a whole
     */
    record Invalid(String message, @Nullable String param) {}

    static ParsedChatBody parse(byte[] body) {
        try {
            return of(body, JSON.readTree(body));
        } catch (JacksonException e) {
            Invalid invalid = new Invalid("Invalid JSON in the request body: " + e.getOriginalMessage(), null);
            return new ParsedChatBody(hash(body), "", "", 0, 1, null, null, false, false, invalid);
        }
    }

    private static ParsedChatBody of(byte[] body, JsonNode root) {
        JsonNode messages = root.path("messages");
        int tokens = 0;
        String text = "";
        for (JsonNode message : messages) {
            text = text(message);
            tokens += TOKENS_PER_MESSAGE + tokens(text);
        }
        JsonNode maxTokens = root.path("max_tokens");
        return new ParsedChatBody(
                hash(body),
                root.path("model").stringValue(""),
                text,
                tokens,
                root.path("n").intValue(1),
                maxTokens.isIntegralNumber() ? maxTokens.intValue(Integer.MAX_VALUE) : null,
                root.at("/tools/0/function/name").stringValue(null),
                root.path("stream").booleanValue(false),
                root.at("/stream_options/include_usage").booleanValue(false),
                invalid(root));
    }

    private static @Nullable Invalid invalid(JsonNode root) {
        JsonNode messages = root.path("messages");
        if (!root.isObject()) {
            return new Invalid("The request body must be a JSON object", null);
        }
        if (root.path("model").stringValue("").isEmpty()) {
            return new Invalid("Missing required parameter: model", "model");
        }
        if (!messages.isArray() || messages.isEmpty()) {
            return new Invalid("Missing required parameter: messages", "messages");
        }
        for (JsonNode message : messages) {
            if (message.path("role").stringValue("").isEmpty()) {
                return new Invalid("Every message must have a role", "messages");
            }
        }
        return invalidOption(root);
    }

    private static @Nullable Invalid invalidOption(JsonNode root) {
        if (isPresent(root, "max_tokens") && !isWithin(root.path("max_tokens"), 1, Integer.MAX_VALUE)) {
            return new Invalid("max_tokens must be a positive integer", "max_tokens");
        }
        if (isPresent(root, "n") && !isWithin(root.path("n"), 1, 128)) {
            return new Invalid("n must be an integer between 1 and 128", "n");
        }
        return null;
    }

    private static boolean isPresent(JsonNode root, String key) {
        return root.hasNonNull(key);
    }

    private static boolean isWithin(JsonNode value, long min, long max) {
        return value.isIntegralNumber()
                && value.canConvertToLong()
                && value.longValue() >= min
                && value.longValue() <= max;
    }

    private static String text(JsonNode message) {
        JsonNode content = message.path("content");
        if (content.isArray()) {
            return content.valueStream()
                    .map(part -> part.path("text").stringValue(""))
                    .collect(Collectors.joining());
        }
        return content.stringValue("");
    }

    /** Estimates the number of tokens by the usual four characters per token. It is never 0. */
    static int tokens(String text) {
        return Math.max(1, (text.length() + CHARACTERS_PER_TOKEN - 1) / CHARACTERS_PER_TOKEN);
    }

    /** Returns {@code text}, cut or filled to this many tokens. */
    static String cutOrFill(String text, int tokens) {
        int length = (int) Math.min((long) tokens * CHARACTERS_PER_TOKEN, Integer.MAX_VALUE);
        if (text.length() >= length) {
            return text.substring(0, length);
        }
        int missing = length - text.length();
        String filler = " and so on";
        return text + filler.repeat(missing / filler.length() + 1).substring(0, missing);
    }

    static long hash(String text) {
        return hash(text.getBytes(StandardCharsets.UTF_8));
    }

    static long hash(byte[] bytes) {
        try {
            return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(bytes))
                    .getLong();
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
