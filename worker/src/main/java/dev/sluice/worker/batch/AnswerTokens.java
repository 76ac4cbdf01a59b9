package dev.sluice.worker.batch;

import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The tokens of answers, as far as the answers say them. Immutable.
 *
 * @param cached those of the input that the provider had in its cache
 * @param reasoning those of the output that no text shows
 */
public record AnswerTokens(long input, long cached, long output, long reasoning, long total) {
    static final AnswerTokens NONE = new AnswerTokens(0, 0, 0, 0, 0);

    private static final JsonMapper MAPPER = JsonMapper.shared();

    AnswerTokens plus(AnswerTokens other) {
        return new AnswerTokens(
                input + other.input,
                cached + other.cached,
                output + other.output,
                reasoning + other.reasoning,
                total + other.total);
    }

    /** Returns the tokens that the body of an answer says, and none if it is no JSON object. */
    static AnswerTokens of(byte[] body) {
        try (JsonParser parser = MAPPER.createParser(body)) {
            return parser.nextToken() == JsonToken.START_OBJECT ? read(parser) : NONE;
        } catch (JacksonException notJson) {
            return NONE;
        }
    }

    /** Reads to the end of the body that the parser has just begun. */
    static AnswerTokens read(JsonParser parser) {
        AnswerTokens found = NONE;
        while (parser.nextToken() == JsonToken.PROPERTY_NAME) {
            boolean isUsage = parser.currentName().equals("usage");
            if (parser.nextToken() == JsonToken.START_OBJECT && isUsage) {
                found = of((JsonNode) parser.readValueAsTree());
            } else {
                parser.skipChildren();
            }
        }
        return found;
    }

    private static AnswerTokens of(JsonNode usage) {
        return new AnswerTokens(
                usage.path("prompt_tokens").asLong(0),
                usage.at("/prompt_tokens_details/cached_tokens").asLong(0),
                usage.path("completion_tokens").asLong(0),
                usage.at("/completion_tokens_details/reasoning_tokens").asLong(0),
                usage.path("total_tokens").asLong(0));
    }
}
