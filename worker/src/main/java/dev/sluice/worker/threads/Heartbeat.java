package dev.sluice.worker.threads;

import java.time.Duration;
import java.util.function.LongSupplier;

/** When a stage last came round. Thread-safe. */
final class Heartbeat {
    private final LongSupplier nanoTime;
    private volatile long beatAt;

    /** @param nanoTime a monotonic clock */
    Heartbeat(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        beat();
    }

    void beat() {
        beatAt = nanoTime.getAsLong();
    }

    /** How long ago that was. */
    Duration age() {
        // read first: a beat in between must not make it negative
        long last = beatAt;
        return Duration.ofNanos(nanoTime.getAsLong() - last);
    }
}
