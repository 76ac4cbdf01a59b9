package dev.sluice.worker.deadletters;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * The kind of a request's body, and the model that it names. It keeps nothing else of the body. Immutable.
 *
 * @param model the model that the body names, or an empty text
 */
public record BodySummary(Kind kind, String model) {
    /** Tells what kind of value a record has. */
    public enum Kind {
        /** The record has no value. The request was too large, or Kafka could not return it to the worker. */
        MISSING,
        /** The value is not a JSON object. */
        UNREADABLE,
        OBJECT
    }

    private static final BodySummary UNREADABLE = new BodySummary(Kind.UNREADABLE, "");

    // no bound for single strings, since the record as a whole is bounded
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    /** Returns the summary of the value of a record of a request or of a dead letter. */
    public static BodySummary of(byte @Nullable [] value) {
        if (value == null) {
            return new BodySummary(Kind.MISSING, "");
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), value)) {
            return read(parser);
        } catch (JacksonException notJson) {
            return UNREADABLE;
        }
    }

    private static BodySummary read(JsonParser parser) {
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
        return parser.nextToken() == null ? new BodySummary(Kind.OBJECT, model) : UNREADABLE;
    }
}
