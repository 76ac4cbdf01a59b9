package dev.sluice.worker.provider;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Turns the API's list of models into OpenAI's form. Together AI answers with a bare array, whose objects have an
 * {@code organization} instead of an {@code owned_by}. Other APIs answer with OpenAI's object. Stateless.
 */
public final class ModelList {
    /** The largest list that is returned. Together AI's, of some hundred models, has a fifth of that. */
    static final int MAX_BYTES = 512 << 10;

    private static final int MAX_ID = 512;
    private static final JsonMapper JSON = JsonMapper.shared();

    private ModelList() {}

    /**
     * Returns the models of an answer as a JSON array of objects, each with what OpenAI's clients read and with what
     * else the API says of it. A list that is too large then has only the former, and as many models as fit.
     *
     * @param body the body of a successful answer
     * @return empty if it has no list of models
     */
    public static Optional<byte[]> of(byte[] body) {
        try {
            JsonNode root = JSON.readTree(body);
            JsonNode entries = root.isObject() ? root.path("data") : root;
            List<ObjectNode> models = models(entries);
            boolean isList = entries.isArray() && models.isEmpty() == entries.isEmpty();
            return isList ? Optional.of(bounded(models)) : Optional.empty();
        } catch (JacksonException notJson) {
            return Optional.empty();
        }
    }

    private static List<ObjectNode> models(JsonNode entries) {
        List<ObjectNode> models = new ArrayList<>();
        for (JsonNode entry : entries) {
            String id = entry.path("id").stringValue("");
            if (entry instanceof ObjectNode model && !id.isBlank() && id.length() <= MAX_ID) {
                models.add(model(id, model));
            }
        }
        return models;
    }

    private static ObjectNode model(String id, ObjectNode found) {
        ObjectNode model = required(id, found);
        found.properties().stream()
                .filter(field -> !model.has(field.getKey()))
                .forEach(field -> model.set(field.getKey(), field.getValue()));
        return model;
    }

    private static ObjectNode required(String id, JsonNode found) {
        String organization = found.path("organization").stringValue("");
        return JSON.createObjectNode()
                .put("id", id)
                .put("object", "model")
                .put("created", found.path("created").asLong(0))
                .put("owned_by", found.path("owned_by").stringValue(organization));
    }

    private static byte[] bounded(List<ObjectNode> models) {
        byte[] whole = JSON.writeValueAsBytes(models);
        if (whole.length <= MAX_BYTES) {
            return whole;
        }
        ArrayNode some = JSON.createArrayNode();
        int left = MAX_BYTES - 2;
        for (ObjectNode model : models) {
            ObjectNode least = required(model.path("id").stringValue(""), model);
            left -= JSON.writeValueAsBytes(least).length + 1;
            if (left < 0) {
                break;
            }
            some.add(least);
        }
        return JSON.writeValueAsBytes(some);
    }
}
