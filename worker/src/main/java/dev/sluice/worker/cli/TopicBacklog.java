package dev.sluice.worker.cli;

import java.util.List;
import java.util.OptionalLong;

/**
 * What waits in one topic. Immutable.
 *
 * @param topic its full name
 * @param kind what distinguishes it from the queue's other topics: {@code requests}, {@code retry}, {@code delay-10s}, …
 * @param partitions in the order of their numbers, without those whose leader does not answer
 */
record TopicBacklog(String topic, String kind, List<PartitionBacklog> partitions) {
    TopicBacklog {
        partitions = List.copyOf(partitions);
    }

    long lag() {
        return partitions.stream().mapToLong(PartitionBacklog::lag).sum();
    }

    long endedAhead() {
        return partitions.stream().mapToLong(PartitionBacklog::endedAhead).sum();
    }

    long open() {
        return partitions.stream().mapToLong(PartitionBacklog::open).sum();
    }

    boolean exact() {
        return partitions.stream().allMatch(PartitionBacklog::exact);
    }

    /** Epoch milliseconds since when the oldest waits. */
    OptionalLong oldest() {
        return partitions.stream().flatMapToLong(each -> each.oldest().stream()).min();
    }
}
