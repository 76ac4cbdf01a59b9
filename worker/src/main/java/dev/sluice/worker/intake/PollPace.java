package dev.sluice.worker.intake;

import java.time.Duration;

/**
 * Spaces polls out by what a poll costs. Kafka's consumer and this worker look at every owned partition for each poll,
 * so polls that bring a record each would cost more, the more partitions there are. What comes meanwhile is brought
 * together by the next one. While enough waits in memory, no poll is urgent. Owned by the poll thread.
 */
final class PollPace {
    /** The processor time for each partition and poll, as it was measured. */
    private static final long NANOS_PER_PARTITION = 5_000;

    private static final long MOST_NANOS = Duration.ofMillis(10).toNanos();
    /** The shortest pause while enough waits. By then a part of it has been called that is worth a poll. */
    private static final long UNHURRIED_NANOS = Duration.ofMillis(5).toNanos();
    /** The longest pause while enough waits. A worker of many partitions makes it. */
    private static final long MOST_UNHURRIED_NANOS = Duration.ofMillis(15).toNanos();
    /** A poll that brings as many records has been worth its cost. */
    private static final int MANY_RECORDS = 64;

    private long nextAt;

    /** @param nowNanos the time at the beginning, by {@link System#nanoTime} */
    PollPace(long nowNanos) {
        this.nextAt = nowNanos;
    }

    /**
     * Learns that a poll has ended.
     *
     * @param records how many it brought
     * @param partitions how many are owned
     * @param hasEnough whether enough requests wait in memory
     */
    void polled(int records, int partitions, boolean hasEnough, long nowNanos) {
        long forPartitions = NANOS_PER_PARTITION * partitions;
        if (hasEnough) {
            nextAt = nowNanos + Math.max(UNHURRIED_NANOS, Math.min(MOST_UNHURRIED_NANOS, 2 * forPartitions));
        } else {
            nextAt = nowNanos + (records >= MANY_RECORDS ? 0 : Math.min(MOST_NANOS, forPartitions));
        }
    }

    /** Returns the nanoseconds until the next poll; zero or less if it may begin now. */
    long nanosToNext(long nowNanos) {
        return nextAt - nowNanos;
    }
}
