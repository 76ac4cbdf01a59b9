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
 * A change of one field of a request body. Immutable.
 *
 * @param path the names of the enclosing objects from the outside in, and the name of the field
 */
public record BodyEdit(List<String> path, JsonNode value) {
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .streamReadConstraints(StreamReadConstraints.builder()
                            .maxStringLength(Integer.MAX_VALUE)
                            .build())
                    .build())
            // numbers keep their digits
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
            .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    public BodyEdit {
        path = List.copyOf(path);
    }

    /**
     * Parses an edit such as {@code model=some/model}, {@code max_tokens=200} or {@code response_format.type=text}. A
     * value that is not JSON is taken as a string.
     *
     * @throws IllegalArgumentException if the text has another form; the message says which form is expected
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
        } catch (JacksonException notJson) {
            return StringNode.valueOf(text);
        }
    }

    /**
     * Returns the body with all edits applied. Without any edit it returns the same bytes. It returns an empty value if
     * the body is not a JSON object, or if an edit leads through a value that is not an object.
     */
    public static Optional<byte[]> applyAll(List<BodyEdit> edits, byte[] body) {
        if (edits.isEmpty()) {
            return Optional.of(body);
        }
        try {
            return MAPPER.readTree(body) instanceof ObjectNode root ? applyAll(edits, root) : Optional.empty();
        } catch (JacksonException notJson) {
            return Optional.empty();
        }
    }

    private static Optional<byte[]> applyAll(List<BodyEdit> edits, ObjectNode root) {
        for (BodyEdit edit : edits) {
            if (!edit.apply(root)) {
                return Optional.empty();
            }
        }
        return Optional.of(MAPPER.writeValueAsBytes(root));
    }

    /** Sets the field, and returns false if a value on its path is not an object. */
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
