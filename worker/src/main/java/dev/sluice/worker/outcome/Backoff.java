package dev.sluice.worker.outcome;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Exponential backoff with full jitter: a random time up to {@code min(cap, base × 2^n)} (Marc Brooker, "Exponential
 * Backoff and Jitter"). Thread-safe if its randomness is.
 *
 * @param random uniform in [0, 1)
 */
record Backoff(DoubleSupplier random) {
    static final Duration BASE = Duration.ofSeconds(1);
    static final Duration CAP = Duration.ofSeconds(60);

    /** @param before how often the request was put off before this time */
    long millis(int before) {
        long ceiling = before >= 6 ? CAP.toMillis() : Math.min(CAP.toMillis(), BASE.toMillis() << before);
        return (long) (random.getAsDouble() * ceiling);
    }
}
