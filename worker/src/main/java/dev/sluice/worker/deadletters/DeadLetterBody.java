package dev.sluice.worker.deadletters;

import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * What a glance at a letter's value tells.
 *
 * @param kind whether it can be a request at all
 * @param model the model it names; empty where it names none
 */
public record DeadLetterBody(Kind kind, String model) {
    /** Whether the value can be a request. */
    public enum Kind {
        /** The letter has none: it was too large, or Kafka could not hand the request over. */
        MISSING,
        /** No JSON object. */
        UNREADABLE,
        OBJECT
    }

    private static final DeadLetterBody UNREADABLE = new DeadLetterBody(Kind.UNREADABLE, "");

    /** A letter is bounded as a whole; its parts need no bounds of their own. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(Integer.MAX_VALUE)
                    .build())
            .build();

    static DeadLetterBody of(byte @Nullable [] value) {
        if (value == null) {
            return new DeadLetterBody(Kind.MISSING, "");
        }
        try (JsonParser parser = JSON.createParser(ObjectReadContext.empty(), value)) {
            return read(parser);
        } catch (JacksonException noJson) {
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
