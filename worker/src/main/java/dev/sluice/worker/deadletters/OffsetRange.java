package dev.sluice.worker.deadletters;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * A range of offsets of each partition of a topic. Immutable.
 *
 * @param from the first offset of each partition
 * @param to the offset after the last one of each partition
 */
record OffsetRange(Map<TopicPartition, Long> from, Map<TopicPartition, Long> to) {
    OffsetRange {
        from = Map.copyOf(from);
        to = Map.copyOf(to);
    }

    /**
     * Returns the number of offsets. There are fewer records, because the markers of transactions take offsets, too.
     */
    long size() {
        return to.entrySet().stream()
                .mapToLong(end -> Math.max(0, end.getValue() - from.getOrDefault(end.getKey(), 0L)))
                .sum();
    }
}
