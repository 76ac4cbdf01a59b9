package dev.sluice.worker.intake;

import dev.sluice.wire.Topics.Tier;
import java.util.Optional;
import java.util.function.LongPredicate;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/** The reading state of a partition that this worker owns. Owned by the poll thread. */
final class OwnedPartition {
    private final Assignment assignment;
    private final Optional<Tier> tier;
    /** Null until the ledger has opened the partition, which is not read before. */
    private @Nullable LongPredicate done;

    /** The reason why the partition must not be read, or null. */
    private @Nullable String refused;

    private long resumesAt;
    private long position;
    private long reported = -1;
    private long restoredEnd;
    /** The backlog of the request that was fetched last, whether or not it was kept back. */
    private @Nullable Backlog lastBacklog;

    private long keptBackAt = -1;

    /** True if the records that were read last go back to Kafka, at least in part. */
    private boolean isLeaving;

    private final @Nullable OverflowContent overflow;
    private final BacklogsAhead ahead = new BacklogsAhead(0);

    OwnedPartition(Assignment assignment, Optional<Tier> tier) {
        this.assignment = assignment;
        this.tier = tier;
        this.overflow = assignment.trafficClass() == TrafficClass.OVERFLOW ? new OverflowContent() : null;
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
            OffsetLedger.Opening.Ready ready = (OffsetLedger.Opening.Ready) opening;
            done = ready.done();
            restoredEnd = ready.restoredEnd();
        }
    }

    /** Stops reading the partition for good. */
    void refuse(String why) {
        refused = why;
        done = null;
    }

    @Nullable
    String refusal() {
        return refused;
    }

    /** Returns true if an earlier owner or an earlier run has settled the record with this offset. */
    boolean isDone(long offset) {
        return done != null && done.test(offset);
    }

    /**
     * Returns the epoch ms at which a record may leave its tier. A tier has one constant delay, so its first record is
     * due first and the whole partition can wait for it.
     */
    long leavesTierAt(long appendedAt) {
        return tier.map(t -> appendedAt + t.delay().toMillis()).orElse(0L);
    }

    void resumeAt(long millis) {
        resumesAt = millis;
    }

    long resumesAt() {
        return resumesAt;
    }

    /** Returns the offset that is read next, as far as the poll thread knows. */
    long position() {
        return position;
    }

    void position(long next) {
        position = next;
    }

    /** Returns the end of what an earlier owner had read. What is not done below it comes before everything else. */
    long restoredEnd() {
        return restoredEnd;
    }

    @Nullable
    Backlog lastBacklog() {
        return lastBacklog;
    }

    void lastBacklog(Backlog backlog) {
        lastBacklog = backlog;
    }

    /** Returns the offset of the request that was kept back last. */
    long keptBackAt() {
        return keptBackAt;
    }

    void keptBackAt(long offset) {
        keptBackAt = offset;
    }

    boolean isLeaving() {
        return isLeaving;
    }

    void isLeaving(boolean some) {
        isLeaving = some;
    }

    /** Returns what is known of the content of an overflow partition, or null if it is none. */
    @Nullable
    OverflowContent overflow() {
        return overflow;
    }

    /** Returns what the scout has seen further ahead. */
    BacklogsAhead ahead() {
        return ahead;
    }

    /** Returns true if the position has advanced since the last call. */
    boolean hasAdvanced() {
        boolean advanced = position > reported;
        reported = Math.max(reported, position);
        return advanced;
    }
}
