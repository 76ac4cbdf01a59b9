package dev.sluice.worker.settle;

import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;

/**
 * Where an aborted transaction could not write for the moment, and the settlements, by index, that were to go there. The
 * partition is -1 where the producer had not chosen one.
 *
 * @param unwritable partitions that took nothing within the producer's delivery timeout, or that it could not look up
 * @param unsent partitions to which something failed together with others, perhaps on their account alone
 * @param written partitions that have taken a record
 */
record FailedPartitions(
        Map<TopicPartition, Set<Integer>> unwritable,
        Map<TopicPartition, Set<Integer>> unsent,
        Set<TopicPartition> written) {
    static final FailedPartitions NOTHING = new FailedPartitions(Map.of(), Map.of(), Set.of());
}
