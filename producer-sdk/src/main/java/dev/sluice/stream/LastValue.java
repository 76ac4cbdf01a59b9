package dev.sluice.stream;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NullNode;

/** A field of which the last value counts. Neither null nor an empty text, which some APIs repeat, replaces another. */
final class LastValue implements MergedValue {
    private final AssembledSize size;
    private JsonNode last = NullNode.getInstance();

    LastValue(AssembledSize size) {
        this.size = size;
    }

    @Override
    public void add(JsonNode next) {
        boolean saysNothing =
                next.isNull() || (next.isString() && next.stringValue().isEmpty());
        if ((!saysNothing || last.isNull()) && !next.equals(last)) {
            size.grow(next);
            last = next;
        }
    }

    @Override
    public JsonNode value() {
        return last;
    }
}
