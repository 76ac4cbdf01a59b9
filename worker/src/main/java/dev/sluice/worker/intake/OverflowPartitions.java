package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Chooses where in the overflow topic a backlog lies. Each has an overflow partition of its bundle to itself while one
 * is empty, so that a small backlog does not lie behind a large one. Owned by the poll thread.
 */
final class OverflowPartitions {
    private final Topics topics;
    private final OwnedPartitions partitions;
    private final Map<Integer, List<TopicPartition>> byBundle = new HashMap<>();

    OverflowPartitions(Topics topics, OwnedPartitions partitions) {
        this.topics = topics;
        this.partitions = partitions;
    }

    /** Returns true if records of this backlog lie in the overflow partitions of its bundle. */
    boolean holds(int bundle, Backlog backlog) {
        return placeOf(bundle, backlog).isPresent();
    }

    private Optional<OwnedPartition> placeOf(int bundle, Backlog backlog) {
        for (TopicPartition each : of(bundle)) {
            OwnedPartition owned = partitions.find(each);
            if (owned != null && owned.isOpen() && holds(owned, backlog)) {
                return Optional.of(owned);
            }
        }
        return Optional.empty();
    }

    /**
     * Chooses the overflow partition for records of a backlog.
     *
     * @param from the partition where they lie now; the choice is another one if one is empty
     * @return empty while this worker does not own the whole bundle, or does not know what lies in it
     */
    OptionalInt placeFor(Backlog backlog, OwnedPartition from) {
        List<OwnedPartition> all = new ArrayList<>();
        for (TopicPartition each : of(topics.bundleOf(from.partition()))) {
            OwnedPartition owned = partitions.find(each);
            if (owned == null || !owned.isOpen() || !content(owned).isKnown(owned.position())) {
                return OptionalInt.empty();
            }
            all.add(owned);
        }
        OwnedPartition chosen = null;
        for (OwnedPartition each : all) {
            boolean isItsPlace = holds(each, backlog);
            if (isItsPlace && each != from) {
                return OptionalInt.of(each.partition().partition());
            }
            chosen = chosen == null || size(each) < size(chosen) ? each : chosen;
        }
        boolean stays =
                from.overflow() != null && chosen != null && !content(chosen).isEmpty(chosen.position());
        return number(stays ? from : chosen);
    }

    private static OptionalInt number(@Nullable OwnedPartition chosen) {
        return chosen == null
                ? OptionalInt.empty()
                : OptionalInt.of(chosen.partition().partition());
    }

    private static boolean holds(OwnedPartition partition, Backlog backlog) {
        return content(partition).holds(backlog, partition.position(), partition.ahead());
    }

    private static long size(OwnedPartition partition) {
        return content(partition).size(partition.position());
    }

    private static OverflowContent content(OwnedPartition partition) {
        OverflowContent content = partition.overflow();
        if (content == null) {
            throw new IllegalStateException(partition.partition() + " is no overflow partition");
        }
        return content;
    }

    /** Returns the number of requests, at most, that wait in all overflow partitions. */
    long size() {
        return partitions.open().stream()
                .filter(partition -> partition.overflow() != null)
                .mapToLong(OverflowPartitions::size)
                .sum();
    }

    void moved(int overflowPartition, Backlog backlog) {
        find(overflowPartition).ifPresent(to -> content(to).add(backlog));
    }

    void notMoved(int overflowPartition, Backlog backlog) {
        find(overflowPartition).ifPresent(to -> content(to).takeBack(backlog));
    }

    /** Counts anew where nothing comes any more of what has moved, since a move may have ended in another way. */
    void recountWhereNothingComes(Set<TopicPartition> paused, long nowMillis) {
        for (OwnedPartition partition : partitions.open()) {
            OverflowContent content = partition.overflow();
            boolean isPaused = paused.contains(partition.partition());
            if (content != null && content.isQuiet(partition.position(), isPaused, nowMillis)) {
                content.recount();
            }
        }
    }

    private Optional<OwnedPartition> find(int overflowPartition) {
        return Optional.ofNullable(partitions.find(new TopicPartition(topics.overflow(), overflowPartition)));
    }

    private List<TopicPartition> of(int bundle) {
        return byBundle.computeIfAbsent(bundle, each -> topics.partitionsOf(topics.overflow(), each));
    }

    /** Returns the open overflow partitions of which the end of what earlier owners have moved is not known. */
    List<OwnedPartition> awaitingEnd() {
        return partitions.open().stream()
                .filter(partition ->
                        partition.overflow() != null && content(partition).awaitsEnd())
                .sorted(Comparator.comparingInt(
                        partition -> partition.partition().partition()))
                .toList();
    }
}
