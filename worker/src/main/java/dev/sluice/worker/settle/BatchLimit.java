package dev.sluice.worker.settle;

import java.time.Duration;

/**
 * The size of a transaction, in bytes of memory. It doubles while full transactions are quick, halves when one is
 * aborted, and then grows in small steps, as TCP does it. So it fits what Kafka takes within a transaction's time, and
 * halving finds a record that spoils every batch. Owned by the settle thread.
 */
final class BatchLimit {
    /** The least cost of a settlement. It bounds the number of settlements as well, to a thousand. */
    private static final long LEAST = 16 << 10;

    /** The first transactions are small. A broker quota would delay a large one beyond its time. */
    private static final long FIRST = 1 << 20;

    private static final long MOST = 16 << 20;
    private static final int STEPS_TO_DOUBLE = 16;

    /** A transaction that took longer may not take as long again and stay within its time of 10 s. */
    private static final long SLOW_NANOS = Duration.ofSeconds(5).toNanos();

    private static final long NOT_SLOW_NANOS = Duration.ofMillis(2_500).toNanos();
    private static final long QUICK_NANOS = Duration.ofSeconds(1).toNanos();

    private long limit = FIRST;
    private boolean careful;

    static long costOf(Settlement settlement) {
        return Math.max(LEAST, settlement.weight());
    }

    /** Returns whether nothing more goes into a transaction of this cost. */
    boolean isFull(long cost) {
        return cost >= limit;
    }

    void committed(long cost, long nanos) {
        if (nanos > SLOW_NANOS) {
            // no less than at first: where each transaction takes long, small ones would only be more of them
            limit = Math.max(Math.min(limit, FIRST), limit / 2);
            careful = true;
        } else if (isFull(cost) && nanos <= NOT_SLOW_NANOS) {
            boolean doubles = !careful && nanos <= QUICK_NANOS;
            limit = Math.min(MOST, limit + (doubles ? limit : limit / STEPS_TO_DOUBLE));
            careful &= limit < MOST;
        }
    }

    /** Learns that a transaction of this cost was aborted, and nobody knows which record is the cause. */
    void aborted(long cost) {
        limit = Math.max(LEAST, Math.min(limit, cost) / 2);
        careful = true;
    }
}
