package dev.sluice.worker;

import java.time.Duration;
import java.util.function.LongSupplier;

/** When a stage last came round. Thread-safe. */
final class Pulse {
    private final LongSupplier nanoTime;
    private volatile long beatAt;

    /** @param nanoTime a monotonic clock */
    Pulse(LongSupplier nanoTime) {
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
