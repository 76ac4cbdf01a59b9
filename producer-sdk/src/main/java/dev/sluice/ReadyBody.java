package dev.sluice;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/** The workers' rules for a body, applied to one that came ready-made: what they would call {@code invalid_request}. */
final class ReadyBody {
    static final String NO_STREAM = "is not supported, a reply is one record; leave it out";

    private ReadyBody() {}

    /** Checks a body and returns its model; the empty string where there is none, which is a problem by then. */
    static String check(byte[] body, RequestProblems problems) {
        JsonNode root = parsed(body, problems);
        if (root == null) {
            return "";
        }
        if (!root.isObject()) {
            problems.add("body", root.getNodeType(), "must be a JSON object");
            return "";
        }
        JsonNode model = root.path("model");
        JsonNode messages = root.path("messages");
        JsonNode stream = root.path("stream");
        boolean named = model.isString() && !model.stringValue().isBlank();
        problems.require(named, "model", shown(model), "must be the name of a model");
        problems.require(
                messages.isArray() && !messages.isEmpty(),
                "messages",
                messages.isMissingNode() ? null : messages.getNodeType(),
                "must be an array of at least one message");
        problems.require(!stream.isBoolean() || !stream.booleanValue(), "stream", shown(stream), NO_STREAM);
        return named ? model.stringValue() : "";
    }

    /** Decoded before it is parsed, since Jackson would accept UTF-16 and a byte order mark, and the API would not. */
    private static @Nullable JsonNode parsed(byte[] body, RequestProblems problems) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(body))
                    .toString();
            return JsonMapping.MAPPER.readTree(text);
        } catch (CharacterCodingException e) {
            problems.add("body", "not UTF-8", "must be JSON in UTF-8");
        } catch (JacksonException e) {
            problems.add("body", "no JSON (" + e.getOriginalMessage() + ")", "must be one JSON object");
        }
        return null;
    }

    private static @Nullable String shown(JsonNode value) {
        return value.isMissingNode() ? null : value.toString();
    }
}
