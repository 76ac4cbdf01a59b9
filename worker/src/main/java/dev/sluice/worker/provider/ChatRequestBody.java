package dev.sluice.worker.provider;

import dev.sluice.wire.WireHeaders;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.TokenStreamLocation;

/**
 * The few fields of a chat-completions request that routing and pacing need. The API judges everything else. The body
 * is still checked to be JSON to its end, because the API's answer to half a body would help nobody.
 *
 * @param model the name of the model; not blank
 * @param maxTokens the most tokens of one choice; 0 if the body sets no bound
 * @param choices the number of choices, at least 1
 */
public record ChatRequestBody(String model, long maxTokens, int choices) {
    private static final int MAX_CHOICES = 1024;

    /**
     * Reads a body in one streaming pass.
     *
     * @throws IllegalArgumentException with what is missing or wrong; it does not quote the body
     */
    public static ChatRequestBody read(byte @Nullable [] body) {
        if (body == null) {
            throw new IllegalArgumentException("the record has no value; it must be a chat-completions JSON object");
        }
        Fields fields = new Fields();
        try (JsonParser parser = StreamingJson.parser(body)) {
            fields.readObject(parser);
        } catch (JacksonException malformed) {
            throw new IllegalArgumentException("the value is not valid JSON" + place(malformed));
        }
        return fields.checked();
    }

    /**
     * Returns the model that a body names, without a look at the rest.
     *
     * @return empty if the body names none or is not readable up to there
     */
    public static Optional<String> model(byte @Nullable [] body) {
        if (body == null) {
            return Optional.empty();
        }
        try (JsonParser parser = StreamingJson.parser(body)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return Optional.empty();
            }
            while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
                boolean isModel = parser.currentName().equals("model");
                JsonToken value = parser.nextToken();
                if (isModel) {
                    return value == JsonToken.VALUE_STRING ? Optional.of(parser.getString()) : Optional.empty();
                }
                parser.skipChildren();
            }
            return Optional.empty();
        } catch (JacksonException malformed) {
            return Optional.empty();
        }
    }

    private static String place(JacksonException malformed) {
        TokenStreamLocation location = malformed.getLocation();
        // The parser names no place when a bound of its own is exceeded, such as a thousand levels of nesting.
        return location == null
                ? ", or nested too deeply, or with too long a name or number"
                : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")";
    }

    private static final class Fields {
        private @Nullable String model;
        private boolean hasMessages;
        private long maxTokens;
        private int choices = 1;

        void readObject(JsonParser parser) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw new IllegalArgumentException("the value is JSON but no object");
            }
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                readField(name, parser);
                parser.skipChildren();
            }
            if (parser.nextToken() != null) {
                throw new IllegalArgumentException("the value has something behind its JSON object");
            }
        }

        private void readField(String name, JsonParser parser) {
            switch (name) {
                case "model" -> model = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getString() : null;
                case "messages" -> hasMessages = parser.currentToken() == JsonToken.START_ARRAY;
                case "max_tokens", "max_completion_tokens" -> maxTokens = Math.max(maxTokens, integer(parser));
                case "n" -> choices = (int) Math.max(1, Math.min(integer(parser), MAX_CHOICES));
                default -> {}
            }
        }

        private static long integer(JsonParser parser) {
            return parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                            && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                    ? parser.getLongValue()
                    : 0;
        }

        ChatRequestBody checked() {
            if (model == null || model.isBlank()) {
                throw new IllegalArgumentException("the body names no model; set model to a text");
            }
            if (model.length() > WireHeaders.MAX_TEXT_BYTES) {
                throw new IllegalArgumentException("the model's name has " + model.length() + " characters, more than "
                        + WireHeaders.MAX_TEXT_BYTES);
            }
            if (!hasMessages) {
                throw new IllegalArgumentException("the body has no messages; set messages to an array");
            }
            return new ChatRequestBody(model, maxTokens, choices);
        }
    }
}
