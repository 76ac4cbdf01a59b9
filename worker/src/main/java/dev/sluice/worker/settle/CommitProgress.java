package dev.sluice.worker.settle;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Knows for how long no commit has got through though records are open. The settle thread reports to it, and any thread
 * may ask.
 *
 * <p>Without a commit of outcomes for a while, the settle thread commits offsets once more to find out. So a worker
 * whose calls all take minutes knows as well whether Kafka is there. A worker without open records needs no proof,
 * since it has nothing to call.
 */
final class CommitProgress {
    /** The time without a commit after which one is made for its own sake. */
    private static final long PROBE_NANOS = Duration.ofSeconds(2).toNanos();

    /** The time without a commit after which commits do not get through. It allows for one rejected probe. */
    private static final long PATIENCE_NANOS = Duration.ofSeconds(5).toNanos();

    private final LongSupplier nanoTime;
    private volatile long provenAt;
    /** The duration of the last commit. A slow Kafka is not taken for one that is away. */
    private volatile long lastNanos;

    CommitProgress(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.provenAt = nanoTime.getAsLong();
    }

    /** Learns that Kafka has accepted a commit, or that none is needed. */
    void proven() {
        provenAt = nanoTime.getAsLong();
    }

    /** @param nanos the time that the commit took */
    void committed(long nanos) {
        lastNanos = nanos;
        proven();
    }

    /** Returns whether only another commit can show that Kafka is still there. */
    boolean needsProbe() {
        return sinceProven() >= PROBE_NANOS;
    }

    /** Returns the time without a commit, or empty if commits get through. */
    Optional<Duration> stalledFor() {
        long since = sinceProven();
        return since > PATIENCE_NANOS + lastNanos ? Optional.of(Duration.ofNanos(since)) : Optional.empty();
    }

    /** Returns the nanoseconds since Kafka accepted a commit, or since none was needed. */
    long sinceProven() {
        return nanoTime.getAsLong() - provenAt;
    }
}
