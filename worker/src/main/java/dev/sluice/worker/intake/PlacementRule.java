package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import java.time.Clock;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.function.Predicate;

/**
 * Decides where each request goes that was read: into memory, to an overflow partition, or back, so that it is read
 * again later.
 *
 * <p>A backlog that has its part of the read-ahead waits in its partition, as long as it is alone there. Once the scout
 * has found others further ahead that are short of requests, what is in their way moves to the overflow topic. What
 * lies there comes before what lies in front of it: newer requests of the same backlog are not read before, and move
 * behind it if others wait for them. What a former owner had in memory goes into memory again, so that a crash does not
 * put the oldest last. Owned by the poll thread.
 */
final class PlacementRule {
    /**
     * The most requests a second that move from one place in the overflow topic to another. Where more backlogs are
     * than overflow partitions, each could be in the way of another for ever, and all would move all the time.
     */
    private static final int MOVED_AGAIN_PER_SECOND = 200;

    private final Topics topics;
    private final ReadAhead readAhead;
    private final OverflowPartitions overflow;
    private final Bucket movedAgain;

    /** The place that a request goes to. */
    sealed interface Place {
        /** It goes into memory. */
        record Memory() implements Place {}

        /** It waits until it is due, in memory or in a delay tier. */
        record NotDue() implements Place {}

        /** It moves to a partition of the overflow topic. */
        record Moved(int overflowPartition) implements Place {}

        /** It stays where it is, and so does everything behind it. */
        record KeptBack() implements Place {}
    }

    static final Place MEMORY = new Place.Memory();
    static final Place NOT_DUE = new Place.NotDue();
    private static final Place KEPT_BACK = new Place.KeptBack();

    PlacementRule(Topics topics, ReadAhead readAhead, OverflowPartitions overflow, Clock clock) {
        this.topics = topics;
        this.readAhead = readAhead;
        this.overflow = overflow;
        this.movedAgain = Bucket.builder()
                .addLimit(limit -> limit.capacity(MOVED_AGAIN_PER_SECOND)
                        .refillGreedy(MOVED_AGAIN_PER_SECOND, Duration.ofSeconds(1)))
                .withCustomTimePrecision(new ClockMeter(clock))
                .build();
    }

    /** Decides on a request that is due, which was read from this partition. */
    Place of(OwnedPartition partition, Backlog backlog, long offset) {
        boolean isTolerated = readAhead.toleratesMore(partition.assignment().trafficClass(), backlog);
        boolean wasInMemory = offset < partition.restoredEnd();
        if (mayGoOn(partition, backlog) || (wasInMemory && isTolerated)) {
            return MEMORY;
        }
        OptionalInt place =
                leadsToOthers(partition, backlog, offset) ? overflow.placeFor(backlog, partition) : OptionalInt.empty();
        if (place.isPresent() && (partition.overflow() == null || movedAgain.tryConsume(1))) {
            return new Place.Moved(place.getAsInt());
        }
        return isTolerated && !liesInOverflow(partition, backlog) ? MEMORY : KEPT_BACK;
    }

    /** Decides on a request that has become due in memory. It is not kept back. */
    Place ofDue(OwnedPartition partition, Backlog backlog) {
        boolean hasRoom = readAhead.hasRoom(partition.assignment().trafficClass(), backlog);
        OptionalInt place = hasRoom ? OptionalInt.empty() : overflow.placeFor(backlog, partition);
        return place.isPresent() ? new Place.Moved(place.getAsInt()) : MEMORY;
    }

    /** Returns true if what was read last from this partition is of a backlog that must wait, others or not. */
    boolean isInNeedOfScout(OwnedPartition partition) {
        Backlog last = partition.lastBacklog();
        return last != null && partition.isOpen() && !mayGoOn(partition, last);
    }

    /** Returns true if nothing can be read from this partition now, going by what was read from it last. */
    boolean blocks(OwnedPartition partition) {
        Backlog last = partition.lastBacklog();
        if (last == null || mayGoOn(partition, last)) {
            return false;
        }
        long position = partition.position();
        // Most of what a former owner has read is done, and is passed over.
        boolean isPassingOver = position < partition.restoredEnd() && position != partition.keptBackAt();
        return !isPassingOver
                && (!leadsToOthers(partition, last, position)
                        || overflow.placeFor(last, partition).isEmpty()
                        || (partition.overflow() != null && movedAgain.getAvailableTokens() == 0));
    }

    private boolean mayGoOn(OwnedPartition partition, Backlog backlog) {
        return readAhead.hasRoom(partition.assignment().trafficClass(), backlog) && !liesInOverflow(partition, backlog);
    }

    /** Returns true if older requests of the backlog lie in the overflow topic, and this partition is another one. */
    private boolean liesInOverflow(OwnedPartition partition, Backlog backlog) {
        return partition.overflow() == null && overflow.holds(topics.bundleOf(partition.partition()), backlog);
    }

    private boolean leadsToOthers(OwnedPartition partition, Backlog backlog, long offset) {
        TrafficClass trafficClass = partition.assignment().trafficClass();
        // Where so many share a model's part, a tenant that makes room for another one gains nobody anything.
        boolean isForItsModel = !readAhead.isSlight(trafficClass, backlog) || liesInOverflow(partition, backlog);
        Predicate<String> isModelWanted = model -> isForItsModel || !model.equals(backlog.model());
        return partition
                .ahead()
                .leadTo(
                        offset,
                        others -> (others.contains(Backlog.NONE) && !Backlog.NONE.equals(backlog))
                                || readAhead.isAnyShort(
                                        trafficClass,
                                        others,
                                        other -> !other.equals(backlog)
                                                && isModelWanted.test(other.model())
                                                && !liesInOverflow(partition, other)),
                        isModelWanted);
    }

    /** The time of a clock, for a bucket. */
    private record ClockMeter(Clock clock) implements TimeMeter {
        @Override
        public long currentTimeNanos() {
            return Duration.ofMillis(clock.millis()).toNanos();
        }

        @Override
        public boolean isWallClockBased() {
            return true;
        }
    }
}
