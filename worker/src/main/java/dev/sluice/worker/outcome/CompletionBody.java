package dev.sluice.worker.outcome;

import dev.sluice.worker.pace.TokenUsage;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * What an answer's body tells, read in one streaming pass.
 *
 * @param isJson whether the whole body is one JSON object; what edges answer is often HTML
 * @param hasChoices whether it is a completion
 * @param errorType the provider's own word, such as {@code dynamic_request_limited}; it stands inside {@code error} as
 *     {@code type} or {@code error_type}, or beside it
 * @param errorMessage the provider's own words
 * @param usage what the call cost; empty where the answer does not say
 */
record CompletionBody(
        boolean isJson,
        boolean hasChoices,
        @Nullable String errorType,
        @Nullable String errorMessage,
        Optional<TokenUsage> usage) {
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();
    /** No model's context holds more, and so much would leave its lane in debt for long: a number beyond is no count. */
    private static final int MOST_TOKENS = 10_000_000;

    private static final CompletionBody NO_JSON = new CompletionBody(false, false, null, null, Optional.empty());

    static CompletionBody read(byte[] body) {
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), body)) {
            return parser.nextToken() == JsonToken.START_OBJECT ? new Fields().read(parser) : NO_JSON;
        } catch (JacksonException malformed) {
            return NO_JSON;
        }
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
                    : NO_JSON;
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

        /** The total may hold more than its parts: reasoning that some providers count apart. */
        private Optional<TokenUsage> usage() {
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
            return count < 0 || count > MOST_TOKENS ? 0 : count;
        }

        private static boolean choices(JsonParser parser, JsonToken value) {
            if (value != JsonToken.START_ARRAY) {
                parser.skipChildren();
                return false;
            }
            boolean some = false;
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                some = true;
                parser.skipChildren();
            }
            return some;
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
