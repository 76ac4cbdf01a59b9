package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The partitions this worker owns. Owned by the poll thread. */
final class OwnedPartitions {
    private final Topics topics;
    private final Map<TopicPartition, OwnedPartition> owned = new HashMap<>();

    OwnedPartitions(Topics topics) {
        this.topics = topics;
    }

    Set<Assignment> add(Collection<TopicPartition> assigned) {
        Set<Assignment> added = new HashSet<>();
        for (TopicPartition partition : assigned) {
            Assignment assignment = new Assignment(partition);
            owned.put(partition, new OwnedPartition(assignment, topics.tier(partition.topic())));
            added.add(assignment);
        }
        return added;
    }

    void remove(Set<Assignment> gone) {
        owned.values().removeIf(partition -> gone.contains(partition.assignment()));
    }

    @Nullable
    OwnedPartition find(TopicPartition partition) {
        return owned.get(partition);
    }

    OwnedPartition get(TopicPartition partition) {
        OwnedPartition found = owned.get(partition);
        if (found == null) {
            throw new IllegalStateException("records of " + partition + ", which is not assigned");
        }
        return found;
    }

    Collection<OwnedPartition> all() {
        return owned.values();
    }

    List<OwnedPartition> awaitingOpening() {
        return filtered(OwnedPartition::awaitsOpening);
    }

    /** Returns the partitions that may be read. */
    List<OwnedPartition> open() {
        return filtered(OwnedPartition::isOpen);
    }

    /** Returns a sentence for each partition that must not be read. */
    List<String> refusals() {
        return owned.values().stream()
                .filter(partition -> partition.refusal() != null)
                .map(partition -> "partition " + partition.partition() + " is not read: " + partition.refusal())
                .toList();
    }

    private List<OwnedPartition> filtered(Predicate<OwnedPartition> wanted) {
        return owned.values().stream().filter(wanted).toList();
    }
}
