package dev.sluice.worker.outcome;

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
 */
record AnswerBody(
        boolean isJson,
        boolean hasChoices,
        @Nullable String errorType,
        @Nullable String errorMessage) {
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();
    private static final AnswerBody NO_JSON = new AnswerBody(false, false, null, null);

    static AnswerBody read(byte[] body) {
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

        AnswerBody read(JsonParser parser) {
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                JsonToken value = parser.nextToken();
                switch (name) {
                    case "choices" -> choices = choices(parser, value);
                    case "error" -> error(parser, value);
                    case "error_type" -> errorType = text(parser, value);
                    default -> parser.skipChildren();
                }
            }
            boolean whole = parser.nextToken() == null;
            return whole ? new AnswerBody(true, choices, type != null ? type : errorType, message) : NO_JSON;
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
