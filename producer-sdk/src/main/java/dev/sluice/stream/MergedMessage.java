package dev.sluice.stream;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** The message of a choice, which comes as deltas. It always has a role and a content, which may be null. */
final class MergedMessage implements MergedValue {
    private final AssembledSize size;
    private final MergedObject fields;

    MergedMessage(AssembledSize size) {
        this.size = size;
        this.fields = new MergedObject(size, this::kind);
    }

    private MergedValue kind(String name) {
        return switch (name) {
            case "content", "reasoning", "reasoning_content", "refusal" -> new MergedText(size);
            case "tool_calls" -> new MergedToolCalls(size);
            case "function_call" -> function(size);
            default -> new LastValue(size);
        };
    }

    /** Makes a function call, whose arguments are JSON in a text that comes in pieces. */
    static MergedObject function(AssembledSize size) {
        return new MergedObject(size, name -> name.equals("arguments") ? new MergedText(size) : new LastValue(size));
    }

    @Override
    public void add(JsonNode next) {
        fields.add(next);
    }

    @Override
    public JsonNode value() {
        ObjectNode message = JsonNodeFactory.instance.objectNode();
        message.put("role", "assistant").putNull("content");
        fields.object().properties().forEach(field -> message.set(field.getKey(), field.getValue()));
        // An API that has nothing to call says null in each chunk, and leaves the field out of a whole answer.
        for (String call : new String[] {"tool_calls", "function_call"}) {
            if (message.path(call).isNull()) {
                message.remove(call);
            }
        }
        return message;
    }
}
