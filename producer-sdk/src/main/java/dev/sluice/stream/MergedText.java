package dev.sluice.stream;

import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.NullNode;

/**
 * A text that comes in pieces, such as a message's content. Halves of a surrogate pair in two pieces come together
 * again. Some APIs send a content as parts instead, which are appended, as is a text among them.
 */
final class MergedText implements MergedValue {
    private final AssembledSize size;
    private final StringBuilder text = new StringBuilder();
    private @Nullable ArrayNode parts;
    private JsonNode other = NullNode.getInstance();
    private boolean isText;

    MergedText(AssembledSize size) {
        this.size = size;
    }

    @Override
    public void add(JsonNode next) {
        if (next.isArray()) {
            size.grow(next);
            parts().addAll((ArrayNode) next);
        } else if (next.isString() && parts == null) {
            isText = true;
            size.growBy(next.stringValue());
            text.append(next.stringValue());
        } else if (next.isString()) {
            size.grow(next.stringValue());
            parts().add(part(next.stringValue()));
        } else if (!next.isNull()) {
            size.grow(next);
            other = next;
        }
    }

    private ArrayNode parts() {
        if (parts == null) {
            parts = JsonNodeFactory.instance.arrayNode();
            if (!text.isEmpty()) {
                parts.add(part(text.toString()));
            }
        }
        return parts;
    }

    private static JsonNode part(String text) {
        return JsonNodeFactory.instance.objectNode().put("type", "text").put("text", text);
    }

    @Override
    public JsonNode value() {
        if (parts != null) {
            return parts.deepCopy();
        }
        return isText ? JsonNodeFactory.instance.stringNode(text.toString()) : other;
    }
}
