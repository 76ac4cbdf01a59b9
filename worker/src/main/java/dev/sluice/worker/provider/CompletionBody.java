package dev.sluice.worker.provider;

import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/**
 * The fields of an answer that its outcome and the pace depend on, of a completion as well as of an error.
 *
 * @param isJson true if the whole body is one JSON object; edges in front of the API often answer with HTML
 * @param hasChoices true if the body is a completion
 * @param errorType the provider's type of error, such as {@code dynamic_request_limited}. It is read from {@code type}
 *     or {@code error_type} inside {@code error}, or from {@code error_type} beside it.
 * @param errorMessage the provider's message
 * @param usage the tokens that the call cost; empty if the answer does not say
 */
public record CompletionBody(
        boolean isJson,
        boolean hasChoices,
        @Nullable String errorType,
        @Nullable String errorMessage,
        Optional<TokenUsage> usage) {
    /** A larger number is no count of tokens. No model's context holds more, and the lane would be in debt for long. */
    private static final int MAX_TOKENS = 10_000_000;

    private static final CompletionBody NOT_JSON = new CompletionBody(false, false, null, null, Optional.empty());

    /** Reads a body in one streaming pass. */
    public static CompletionBody read(byte[] body) {
        try (JsonParser parser = StreamingJson.parser(body)) {
            return parser.nextToken() == JsonToken.START_OBJECT ? new Fields().read(parser) : NOT_JSON;
        } catch (JacksonException e) {
            return NOT_JSON;
        }
    }

    /**
     * Returns the unit whose limit a 429 says was exceeded. The types are words such as {@code dynamic_token_limited}.
     * Requests are assumed if the type names no unit.
     */
    public LimitUnit exceededUnit() {
        String type = Objects.requireNonNullElse(errorType, "").toLowerCase(Locale.ROOT);
        return type.contains("token") || type.contains("tpm") ? LimitUnit.TOKENS : LimitUnit.REQUESTS;
    }

    private static final class Fields {
        private boolean choices;
        private @Nullable String type;
        private @Nullable String errorType;
        private @Nullable String message;
        private long promptTokens;
        private long completionTokens;
        private long totalTokens;

        CompletionBody read(JsonParser parser) {
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "choices" -> choices = choices(parser, value);
                    case "error" -> error(parser, value);
                    case "error_type" -> errorType = text(parser, value);
                    case "usage" -> usage(parser, value);
                    default -> parser.skipChildren();
                }
            }
            boolean whole = parser.nextToken() == null;
            return whole
                    ? new CompletionBody(true, choices, type != null ? type : errorType, message, usage())
                    : NOT_JSON;
        }

        private void usage(JsonParser parser, JsonToken value) {
            if (value != JsonToken.START_OBJECT) {
                parser.skipChildren();
                return;
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken field = parser.nextToken();
                switch (name) {
                    case "prompt_tokens" -> promptTokens = count(parser, field);
                    case "completion_tokens" -> completionTokens = count(parser, field);
                    case "total_tokens" -> totalTokens = count(parser, field);
                    default -> parser.skipChildren();
                }
            }
        }

        private Optional<TokenUsage> usage() {
            // The total may hold more than its parts: some providers count reasoning apart.
            long completion = Math.max(completionTokens, totalTokens - promptTokens);
            return promptTokens + completion > 0
                    ? Optional.of(new TokenUsage(promptTokens, completion))
                    : Optional.empty();
        }

        private static long count(JsonParser parser, JsonToken value) {
            if (value != JsonToken.VALUE_NUMBER_INT || parser.getNumberType() != JsonParser.NumberType.INT) {
                parser.skipChildren();
                return 0;
            }
            int count = parser.getIntValue();
            return count < 0 || count > MAX_TOKENS ? 0 : count;
        }

        private static boolean choices(JsonParser parser, JsonToken value) {
            if (value != JsonToken.START_ARRAY) {
                parser.skipChildren();
                return false;
            }
            boolean found = false;
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                found = true;
                parser.skipChildren();
            }
            return found;
        }

        private void error(JsonParser parser, JsonToken value) {
            if (value == JsonToken.VALUE_STRING) {
                message = parser.getString();
            } else if (value == JsonToken.START_OBJECT) {
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    errorField(name, parser, parser.nextToken());
                }
            } else {
                parser.skipChildren();
            }
        }

        private void errorField(String name, JsonParser parser, JsonToken value) {
            switch (name) {
                case "type" -> type = text(parser, value);
                case "error_type" -> errorType = text(parser, value);
                case "message" -> message = text(parser, value);
                default -> parser.skipChildren();
            }
        }

        private static @Nullable String text(JsonParser parser, JsonToken value) {
            parser.skipChildren();
            return value == JsonToken.VALUE_STRING ? parser.getString() : null;
        }
    }
}
