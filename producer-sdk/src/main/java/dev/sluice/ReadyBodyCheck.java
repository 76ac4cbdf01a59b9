package dev.sluice;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/**
 * Checks a ready-made body by the workers' rules. A body that fails here would end as {@code invalid_request} there.
 */
final class ReadyBodyCheck {
    private ReadyBodyCheck() {}

    /** Checks a body and returns its model. Without a usable model it adds a problem and returns the empty string. */
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
        boolean named = model.isString() && !model.stringValue().isBlank();
        problems.require(named, "model", display(model), "must be the name of a model");
        problems.require(
                messages.isArray(),
                "messages",
                messages.isMissingNode() ? null : messages.getNodeType(),
                "must be an array");
        return named ? model.stringValue() : "";
    }

    /** Decodes the body before parsing it. Jackson would accept UTF-16 and a byte order mark, which the API rejects. */
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

    private static @Nullable String display(JsonNode value) {
        return value.isMissingNode() ? null : value.toString();
    }
}
