package dev.sluice.gateway;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** The provider's models, as the workers have listed them, in the forms in which clients read them. Immutable. */
public final class ModelCatalog {
    private static final JsonMapper MAPPER = JsonMapper.shared();

    private final byte[] list;
    private final byte[] array;
    private final Map<String, byte[]> byId;

    private ModelCatalog(byte[] list, byte[] array, Map<String, byte[]> byId) {
        this.list = list;
        this.array = array;
        this.byId = byId;
    }

    /**
     * Reads a JSON array of models in OpenAI's form.
     *
     * @return empty for what is no such array
     */
    public static Optional<ModelCatalog> of(byte[] models) {
        try {
            if (MAPPER.readTree(models) instanceof ArrayNode found) {
                Map<String, byte[]> byId = new LinkedHashMap<>();
                for (JsonNode model : found) {
                    byId.put(model.path("id").asString(""), MAPPER.writeValueAsBytes(model));
                }
                ObjectNode list = MAPPER.createObjectNode().put("object", "list");
                list.set("data", found);
                return Optional.of(
                        new ModelCatalog(MAPPER.writeValueAsBytes(list), MAPPER.writeValueAsBytes(found), byId));
            }
            return Optional.empty();
        } catch (JacksonException notJson) {
            return Optional.empty();
        }
    }

    /** Returns OpenAI's list object. */
    byte[] list() {
        return list;
    }

    /** Returns the bare array that Together's clients read. */
    byte[] array() {
        return array;
    }

    Optional<byte[]> model(String id) {
        return Optional.ofNullable(byId.get(id));
    }
}
