package dev.sluice.wire;

import java.time.Clock;
import java.util.UUID;
import java.util.random.RandomGenerator;

/**
 * Generates UUIDs of version 7 (<a href="https://www.rfc-editor.org/rfc/rfc9562#section-5.7">RFC 9562, section
 * 5.7</a>): 48 bits of epoch milliseconds, then random bits.
 *
 * <p>The UUIDs of one instance increase strictly, as unsigned numbers and as text. Within one millisecond the 74 bits
 * after the time grow by a random step (section 6.2, method 2). The same happens while the clock is behind the last
 * UUID. An overflow borrows the next millisecond. The class is thread-safe.
 */
public final class UuidV7 {
    private static final int RANDOM_A_BITS = 12;
    private static final long RANDOM_B_MASK = (1L << 62) - 1;
    private static final long VERSION = 7L << RANDOM_A_BITS;
    private static final long VARIANT = 0b10L << 62;

    /** The limit for a step. It leaves room for about 2^41 more UUIDs in a millisecond. */
    private static final long MAX_STEP = 1L << 32;

    private final Clock clock;
    private final RandomGenerator random;
    private long millis;
    private int randomA;
    private long randomB;

    /**
     * Makes a generator.
     *
     * @param random the source of randomness; if ids must not be guessable, use a {@link java.security.SecureRandom}
     */
    public UuidV7(Clock clock, RandomGenerator random) {
        this.clock = clock;
        this.random = random;
    }

    /** Returns the next UUID. It is greater than all earlier ones of this generator. */
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
