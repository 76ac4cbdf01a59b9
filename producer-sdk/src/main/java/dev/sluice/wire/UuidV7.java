package dev.sluice.wire;

import java.time.Clock;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Makes UUIDs of version 7 (RFC 9562, section 5.7): 48 bits of epoch milliseconds, then random. What one instance makes
 * rises strictly, as unsigned numbers and as text: within a millisecond, and while the clock stands behind what was given
 * out, the 74 bits after the time count upwards from their random start by a random step (section 6.2, method 2), and an
 * overflow borrows the next millisecond. Thread-safe.
 */
public final class UuidV7 {
    private static final int RANDOM_A_BITS = 12;
    private static final long RANDOM_B_MASK = (1L << 62) - 1;
    private static final long VERSION = 7L << RANDOM_A_BITS;
    private static final long VARIANT = 0b10L << 62;

    /** Bounds the step, so that a millisecond has room for some 2^41 more. */
    private static final long MAX_STEP = 1L << 32;

    private final Clock clock;
    private final RandomGenerator random;
    private long millis;
    private int randomA;
    private long randomB;

    /** @param random not predictable where ids must not be guessed, for example a {@link java.security.SecureRandom} */
    public UuidV7(Clock clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    public synchronized UUID next() {
        long now = clock.millis();
        if (now > millis) {
            startAt(now);
        } else {
            step();
        }
        return new UUID(millis << 16 | VERSION | randomA, VARIANT | randomB);
    }

    private void startAt(long time) {
        millis = time;
        randomA = random.nextInt(1 << RANDOM_A_BITS);
        randomB = random.nextLong() & RANDOM_B_MASK;
    }

    private void step() {
        long next = randomB + 1 + random.nextLong(MAX_STEP);
        randomB = next & RANDOM_B_MASK;
        if (next > RANDOM_B_MASK) {
            randomA++;
        }
        if (randomA >> RANDOM_A_BITS != 0) {
            startAt(millis + 1);
        }
    }
}
