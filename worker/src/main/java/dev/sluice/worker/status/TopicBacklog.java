package dev.sluice.worker.status;

import java.util.List;
import java.util.OptionalLong;

/**
 * What waits in one topic. Immutable.
 *
 * @param topic its full name
 * @param kind what distinguishes it from the queue's other topics: {@code requests}, {@code retry}, {@code delay-10s}, …
 * @param partitions in the order of their numbers, without those whose leader does not answer
 */
public record TopicBacklog(String topic, String kind, List<PartitionBacklog> partitions) {
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

    /** Epoch milliseconds since when the oldest waits. */
    public OptionalLong oldest() {
        return partitions.stream().flatMapToLong(each -> each.oldest().stream()).min();
    }
}
