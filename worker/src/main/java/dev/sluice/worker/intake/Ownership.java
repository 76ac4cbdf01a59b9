package dev.sluice.worker.intake;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * The partitions that this worker owns, together with the group metadata that belongs to them. Immutable. The poll
 * thread publishes it on entering every rebalance callback.
 *
 * <p>The two are never mixed across publications. Stale outcomes under fresh metadata would commit offsets of a
 * partition that another worker owns, which the broker does not check. Inside a rebalance callback the broker rejects
 * metadata from before it.
 *
 * @param assignments the assignment of every owned partition
 * @param metadata from {@code KafkaConsumer.groupMetadata()}; metadata built from the group's name would bypass the
 *     broker's fencing
 */
public record Ownership(Map<TopicPartition, Assignment> assignments, ConsumerGroupMetadata metadata) {
    public Ownership {
        assignments = Map.copyOf(assignments);
    }

    /** Returns true if offsets fetched under {@code assignment} may still be committed. */
    public boolean holds(Assignment assignment) {
        return assignments.get(assignment.partition()) == assignment;
    }

    /** Returns whether this worker is a member of its group. */
    public boolean isMember() {
        return metadata.generationId() >= 0;
    }

    Ownership under(ConsumerGroupMetadata newer) {
        return new Ownership(assignments, newer);
    }

    Ownership with(Set<Assignment> added) {
        Map<TopicPartition, Assignment> all = new HashMap<>(assignments);
        added.forEach(assignment -> all.put(assignment.partition(), assignment));
        return new Ownership(all, metadata);
    }

    Ownership without(Set<Assignment> gone) {
        Map<TopicPartition, Assignment> rest = new HashMap<>(assignments);
        rest.values().removeAll(gone);
        return new Ownership(rest, metadata);
    }
}
