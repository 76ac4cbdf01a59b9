package dev.sluice.stream;

import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/**
 * Finds the log probabilities that were not shown yet. OpenAI has a list {@code content} of objects, others have
 * several lists side by side; so every list in the object counts, and nothing else does. Stateless.
 */
final class LogprobsTail {
    private LogprobsTail() {}

    /**
     * Returns the lists without what was shown of them, and no list of which nothing is left. It is empty if a list
     * does not begin with what was shown.
     */
    static Optional<ObjectNode> of(JsonNode whole, JsonNode shown) {
        ObjectNode rest = JsonNodeFactory.instance.objectNode();
        for (Map.Entry<String, JsonNode> before : shown.properties()) {
            if (!begins(whole.path(before.getKey()), before.getValue())) {
                return Optional.empty();
            }
        }
        for (Map.Entry<String, JsonNode> field : whole.properties()) {
            int from = shown.path(field.getKey()).size();
            if (field.getValue().isArray() && field.getValue().size() > from) {
                ArrayNode left = rest.putArray(field.getKey());
                for (int i = from; i < field.getValue().size(); i++) {
                    left.add(field.getValue().get(i));
                }
            }
        }
        return Optional.of(rest);
    }

    private static boolean begins(JsonNode list, JsonNode shown) {
        if (!shown.isArray()) {
            return true;
        }
        for (int i = 0; i < shown.size(); i++) {
            if (!shown.get(i).equals(list.path(i))) {
                return false;
            }
        }
        return true;
    }
}
