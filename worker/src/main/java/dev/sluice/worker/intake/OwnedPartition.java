package dev.sluice.worker.intake;

import dev.sluice.wire.Topics.Tier;
import java.util.Optional;
import java.util.function.LongPredicate;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** What the poll thread knows of one partition it owns. Owned by the poll thread. */
final class OwnedPartition {
    private final Assignment assignment;
    private final Optional<Tier> tier;
    /** Null until the account is open; a partition is not read before. */
    private @Nullable LongPredicate done;

    /** Null unless the partition must not be read at all. */
    private @Nullable String refused;

    private long resumesAt;
    private long position;
    private long reported = -1;

    OwnedPartition(Assignment assignment, Optional<Tier> tier) {
        this.assignment = assignment;
        this.tier = tier;
    }

    Assignment assignment() {
        return assignment;
    }

    TopicPartition partition() {
        return assignment.partition();
    }

    boolean awaitsOpening() {
        return done == null && refused == null;
    }

    boolean isOpen() {
        return done != null;
    }

    void opened(OffsetLedger.Opening opening) {
        if (opening instanceof OffsetLedger.Opening.Refused refusal) {
            refuse(refusal.why());
        } else {
            done = ((OffsetLedger.Opening.Ready) opening).done();
        }
    }

    /** It is not read from now on. */
    void refuse(String why) {
        refused = why;
        done = null;
    }

    @Nullable
    String refusal() {
        return refused;
    }

    /** Whether the record with this offset was ended before, by an earlier owner or an earlier run. */
    boolean isDone(long offset) {
        return done != null && done.test(offset);
    }

    /**
     * When a record may leave, in epoch ms. A tier has one constant delay, so that its first record is the first one due
     * and the whole partition can wait for it.
     */
    long leavesAt(long appendedAt) {
        return tier.map(t -> appendedAt + t.delay().toMillis()).orElse(0L);
    }

    void resumeAt(long millis) {
        resumesAt = millis;
    }

    long resumesAt() {
        return resumesAt;
    }

    /** The offset that is read next, as far as is known here. */
    long position() {
        return position;
    }

    void position(long next) {
        position = next;
    }

    /** Whether the position has moved on since this was last asked. */
    boolean hasNews() {
        boolean news = position > reported;
        reported = Math.max(reported, position);
        return news;
    }
}
