package dev.sluice.worker.intake;

import dev.sluice.wire.WireHeaders;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamLocation;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads the few fields of a chat-completions body that routing and pacing need, in one streaming pass. Everything else
 * is the API's to judge; that the whole body is JSON is checked, since an answer to half a body helps nobody.
 */
final class BodyReader {
    /** A body is bounded as a whole; its parts need no bounds of their own. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    private @Nullable String model;
    private boolean hasMessages;
    private long maxTokens;
    private int choices = 1;

    private BodyReader() {}

    /** @throws IllegalArgumentException saying what is missing or wrong, without quoting the body */
    static Request read(InputRecord envelope) {
        byte[] value = envelope.value();
        if (value == null) {
            throw new IllegalArgumentException("the record has no value; it must be a chat-completions JSON object");
        }
        BodyReader fields = new BodyReader();
        try (JsonParser parser = JSON.createParser(tools.jackson.core.ObjectReadContext.empty(), value)) {
            fields.readObject(parser);
        } catch (JacksonException malformed) {
            throw new IllegalArgumentException("the value is not valid JSON" + place(malformed));
        }
        return fields.request(envelope);
    }

    /** Where it is wrong; unknown where it goes beyond what the parser takes, such as a thousand levels of nesting. */
    private static String place(JacksonException malformed) {
        TokenStreamLocation location = malformed.getLocation();
        return location == null
                ? ", or nested too deeply, or with too long a name or number"
                : " (line " + location.getLineNr() + ", column " + location.getColumnNr() + ")";
    }

    private void readObject(JsonParser parser) {
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
            case "max_tokens", "max_completion_tokens" -> maxTokens = Math.max(maxTokens, whole(parser));
            case "n" -> choices = (int) Math.max(1, Math.min(whole(parser), 1024));
            case "stream" -> requireNoStream(parser.currentToken());
            default -> {}
        }
    }

    private static long whole(JsonParser parser) {
        return parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                        && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                ? parser.getLongValue()
                : 0;
    }

    private static void requireNoStream(JsonToken value) {
        if (value == JsonToken.VALUE_TRUE) {
            throw new IllegalArgumentException("stream is true; a reply is one record, so leave stream out");
        }
    }

    private Request request(InputRecord envelope) {
        if (model == null || model.isBlank()) {
            throw new IllegalArgumentException("the body names no model; set model to a text");
        }
        if (model.length() > WireHeaders.MAX_TEXT_BYTES) {
            throw new IllegalArgumentException(
                    "the model's name has " + model.length() + " characters, more than " + WireHeaders.MAX_TEXT_BYTES);
        }
        if (!hasMessages) {
            throw new IllegalArgumentException("the body has no messages; set messages to an array");
        }
        return new Request(envelope, model, maxTokens, choices);
    }
}
