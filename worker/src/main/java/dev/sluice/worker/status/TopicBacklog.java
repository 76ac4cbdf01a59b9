package dev.sluice.worker.status;

import java.util.List;
import java.util.OptionalLong;

/**
 * The backlog of one topic. Immutable.
 *
 * @param topic the full name
 * @param kind the part of the name after the queue's, such as {@code requests}, {@code retry} or {@code delay-10s}
 * @param fromProducers true if producers write to the topic
 * @param partitions the partitions whose leader has answered, by their numbers
 */
public record TopicBacklog(String topic, String kind, boolean fromProducers, List<PartitionBacklog> partitions) {
    public TopicBacklog {
        partitions = List.copyOf(partitions);
    }

    public long lag() {
        return partitions.stream().mapToLong(PartitionBacklog::lag).sum();
    }

    public long endedAhead() {
        return partitions.stream().mapToLong(PartitionBacklog::endedAhead).sum();
    }

    public long open() {
        return partitions.stream().mapToLong(PartitionBacklog::open).sum();
    }

    public boolean exact() {
        return partitions.stream().allMatch(PartitionBacklog::exact);
    }

    /** Returns the epoch milliseconds since when the oldest request waits. */
    public OptionalLong oldest() {
        return partitions.stream().flatMapToLong(each -> each.oldest().stream()).min();
    }
}
