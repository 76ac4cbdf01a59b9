package dev.sluice.worker.outcome;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * Exponential backoff with full jitter. A delay is a random time up to {@code min(cap, base × 2^n)}, after Marc
 * Brooker's "Exponential Backoff and Jitter". Thread-safe if its randomness is.
 *
 * @param random a source of numbers in [0, 1)
 */
record Backoff(DoubleSupplier random) {
    static final Duration BASE = Duration.ofSeconds(1);
    static final Duration CAP = Duration.ofSeconds(60);

    /** The first delay after a call that may have been paid for. Each further one is three times as long. */
    static final Duration COSTLY_BASE = Duration.ofSeconds(10);

    static final Duration COSTLY_CAP = Duration.ofMinutes(10);

    /**
     * Returns a random delay.
     *
     * @param previous how many delays the request has had before this one
     */
    long millis(int previous) {
        // From 2^6 on the cap is reached. A larger shift would overflow.
        long ceiling = previous >= 6 ? CAP.toMillis() : Math.min(CAP.toMillis(), BASE.toMillis() << previous);
        return (long) (random.getAsDouble() * ceiling);
    }

    /**
     * Returns a random delay after a call that may have been paid for, from half of its ceiling up.
     *
     * @param previous how many delays of this kind the request has had before this one
     */
    long costlyMillis(int previous) {
        // From 3^4 on the cap is reached.
        long factor = (long) Math.pow(3, Math.min(4, previous));
        long ceiling = Math.min(COSTLY_CAP.toMillis(), COSTLY_BASE.toMillis() * factor);
        return (long) ((0.5 + random.getAsDouble() / 2) * ceiling);
    }
}
