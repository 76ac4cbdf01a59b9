package dev.sluice.stream;

import tools.jackson.databind.JsonNode;

/** A JSON value that is put together from what the chunks of a stream have in its place. Not thread-safe. */
interface MergedValue {
    /** Takes what the next chunk has. It may be null in JSON, or of another type than before. */
    void add(JsonNode next);

    /** Returns the value so far, which is null in JSON if there was nothing else. */
    JsonNode value();
}
