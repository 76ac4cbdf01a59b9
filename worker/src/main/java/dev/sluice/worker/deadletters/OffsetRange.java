package dev.sluice.worker.deadletters;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;

/**
 * A part of every partition. Immutable.
 *
 * @param from first offset of each partition
 * @param to offset behind the last one
 */
record OffsetRange(Map<TopicPartition, Long> from, Map<TopicPartition, Long> to) {
    OffsetRange {
        from = Map.copyOf(from);
        to = Map.copyOf(to);
    }

    /** How many offsets; records are fewer, since transactions leave markers. */
    long size() {
        return to.entrySet().stream()
                .mapToLong(end -> Math.max(0, end.getValue() - from.getOrDefault(end.getKey(), 0L)))
                .sum();
    }
}
