package dev.sluice.worker.settle;

import org.jspecify.annotations.Nullable;

/**
 * Where a reply goes.
 *
 * @param partition null to let the partitioner choose by key
 * @param width the number of the topic's partitions; 0 where it was not looked up, since it is the queue's own
 * @param problem why it does not go where the request wants it; null where it does
 */
record ReplyRoute(
        String topic,
        @Nullable Integer partition,
        int width,
        @Nullable String problem) {
    ReplyRoute at(int chosen) {
        return new ReplyRoute(topic, chosen, width, problem);
    }
}
