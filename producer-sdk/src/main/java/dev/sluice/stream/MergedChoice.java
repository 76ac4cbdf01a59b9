package dev.sluice.stream;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/** One choice of a completion. */
final class MergedChoice {
    static final String INDEX = "index";
    private static final String FINISH_REASON = "finish_reason";
    private static final String LOGPROBS = "logprobs";
    private static final String MESSAGE = "message";
    private static final String TEXT = "text";

    private final int index;
    private final AssembledSize size;
    private final MergedObject fields;

    MergedChoice(int index, AssembledSize size) {
        this.index = index;
        this.size = size;
        this.fields = new MergedObject(size, this::kind);
        size.grow(INDEX);
    }

    private MergedValue kind(String name) {
        return switch (name) {
            case MESSAGE -> new MergedMessage(size);
            case LOGPROBS -> new MergedObject(size, unused -> new MergedArray(size));
            case TEXT -> new MergedText(size);
            default -> new LastValue(size);
        };
    }

    void add(JsonNode next) {
        JsonNode delta = next.path("delta").isObject() ? next.path("delta") : next.path(MESSAGE);
        next.properties().forEach(field -> {
            switch (field.getKey()) {
                case INDEX, "delta", MESSAGE -> {}
                case LOGPROBS -> fields.add(LOGPROBS, logprobs(field.getValue(), delta));
                case TEXT -> addText(field.getValue(), delta);
                default -> fields.add(field.getKey(), field.getValue());
            }
        });
        fields.add(MESSAGE, delta);
    }

    /** Adds the text of an API without messages. Together repeats a message's content there, in chunks alone. */
    private void addText(JsonNode text, JsonNode delta) {
        if (!delta.isObject()) {
            fields.add(TEXT, text);
        }
    }

    /** Returns Together's form of a whole answer where its chunk has the number of its one token alone. */
    private static JsonNode logprobs(JsonNode logprobs, JsonNode delta) {
        if (!logprobs.isNumber()) {
            return logprobs;
        }
        ObjectNode whole = JsonNodeFactory.instance.objectNode();
        whole.putArray("tokens").add(delta.path("content").stringValue(""));
        whole.putArray("token_logprobs").add(logprobs);
        return whole;
    }

    boolean isFinished() {
        MergedValue reason = fields.field(FINISH_REASON);
        return reason != null && !reason.value().stringValue("").isEmpty();
    }

    ObjectNode value() {
        ObjectNode choice = JsonNodeFactory.instance.objectNode();
        choice.put(INDEX, index);
        fields.object().properties().forEach(field -> choice.set(field.getKey(), field.getValue()));
        if (!isFinished()) {
            choice.putNull(FINISH_REASON);
        }
        return choice;
    }
}
