package dev.sluice.worker.deadletters;

import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.JsonNodeFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.node.StringNode;

/**
 * One field of a body and what it is set to. Immutable.
 *
 * @param path the field's name, before it the names of the objects around it
 */
public record BodyEdit(List<String> path, JsonNode value) {
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            // numbers are to leave as they came
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    public BodyEdit {
        path = List.copyOf(path);
    }

    /**
     * Reads {@code model=some/model}, {@code max_tokens=200}, {@code response_format.type=text}: the value is JSON where it
     * is JSON, else a text.
     *
     * @throws IllegalArgumentException saying which form is understood
     */
    public static BodyEdit parse(String text) {
        int equals = text.indexOf('=');
        List<String> path =
                equals < 0 ? List.of() : List.of(text.substring(0, equals).split("\\.", -1));
        if (path.isEmpty() || path.stream().anyMatch(String::isBlank)) {
            throw new IllegalArgumentException(
                    "'" + text + "' sets no field; write FIELD=VALUE, such as model=some/model or max_tokens=200");
        }
        return new BodyEdit(path, value(text.substring(equals + 1)));
    }

    private static JsonNode value(String text) {
        try {
            JsonNode json = MAPPER.readTree(text);
            return json.isMissingNode() ? StringNode.valueOf(text) : json;
        } catch (JacksonException noJson) {
            return StringNode.valueOf(text);
        }
    }

    /**
     * The body with all these fields set; the very bytes that came where there are none to set. Empty where it is no JSON
     * object, or a field lies within something that is none.
     */
    public static Optional<byte[]> all(List<BodyEdit> mends, byte[] body) {
        if (mends.isEmpty()) {
            return Optional.of(body);
        }
        try {
            return MAPPER.readTree(body) instanceof ObjectNode root ? mended(mends, root) : Optional.empty();
        } catch (JacksonException noJson) {
            return Optional.empty();
        }
    }

    private static Optional<byte[]> mended(List<BodyEdit> mends, ObjectNode root) {
        for (BodyEdit mend : mends) {
            if (!mend.apply(root)) {
                return Optional.empty();
            }
        }
        return Optional.of(MAPPER.writeValueAsBytes(root));
    }

    private boolean apply(ObjectNode root) {
        ObjectNode object = root;
        for (String name : path.subList(0, path.size() - 1)) {
            JsonNode inner = object.path(name);
            if (inner.isMissingNode()) {
                inner = object.putObject(name);
            }
            if (!(inner instanceof ObjectNode next)) {
                return false;
            }
            object = next;
        }
        object.set(path.get(path.size() - 1), value.deepCopy());
        return true;
    }
}
