package dev.sluice.worker.settle;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * The partitions that an aborted transaction could not write to for the moment. Each comes with the indexes of the
 * settlements that were sent there. A partition number of -1 means that the producer had not chosen one.
 *
 * @param unavailable partitions that took nothing within the producer's delivery timeout, or could not be looked up
 * @param unconfirmed partitions whose sends failed together with others and perhaps only because of them
 * @param written partitions that have taken a record
 */
record FailedPartitions(
        Map<TopicPartition, Set<Integer>> unavailable,
        Map<TopicPartition, Set<Integer>> unconfirmed,
        Set<TopicPartition> written) {
    static final FailedPartitions NONE = new FailedPartitions(Map.of(), Map.of(), Set.of());

    /** Returns true if no partition has failed. */
    boolean areNone() {
        return unavailable.isEmpty() && unconfirmed.isEmpty();
    }
}
