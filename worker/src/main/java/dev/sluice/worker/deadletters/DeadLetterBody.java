package dev.sluice.worker.deadletters;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * The properties of a dead letter's value that are needed without keeping the value.
 *
 * @param model the model that the value names, or an empty text
 */
public record DeadLetterBody(Kind kind, String model) {
    /** Tells what kind of value a dead letter has. */
    public enum Kind {
        /** The letter has no value. The request was too large, or Kafka could not return it to the worker. */
        MISSING,
        /** The value is not a JSON object. */
        UNREADABLE,
        OBJECT
    }

    private static final DeadLetterBody UNREADABLE = new DeadLetterBody(Kind.UNREADABLE, "");

    // no bound for single strings, since the record as a whole is bounded
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /** Returns the properties of a value, which is the body of any request. */
    public static DeadLetterBody of(byte @Nullable [] value) {
        if (value == null) {
            return new DeadLetterBody(Kind.MISSING, "");
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), value)) {
            return read(parser);
        } catch (JacksonException notJson) {
            return UNREADABLE;
        }
    }

    private static DeadLetterBody read(JsonParser parser) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return UNREADABLE;
        }
        String model = "";
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            boolean isModel = "model".equals(parser.currentName());
            if (parser.nextToken() == JsonToken.VALUE_STRING && isModel) {
                model = parser.getString();
            }
            parser.skipChildren();
        }
        return parser.nextToken() == null ? new DeadLetterBody(Kind.OBJECT, model) : UNREADABLE;
    }
}
