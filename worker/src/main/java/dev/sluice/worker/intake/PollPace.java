package dev.sluice.worker.intake;

import java.time.Duration;

/**
 * Spaces polls out by what a poll costs. Kafka's consumer and this worker look at every owned partition for each poll,
 * so polls that bring a record each would cost more, the more partitions there are. What comes meanwhile is brought
 * together by the next one. Owned by the poll thread.
 */
final class PollPace {
    /** Some microseconds of processor time are measured for each partition and poll. */
    private static final long NANOS_PER_PARTITION = 5_000;

    private static final long MOST_NANOS = Duration.ofMillis(10).toNanos();
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
     */
    void polled(int records, int partitions, long nowNanos) {
        long pause = records >= MANY_RECORDS ? 0 : Math.min(MOST_NANOS, NANOS_PER_PARTITION * partitions);
        nextAt = nowNanos + pause;
    }

    /** Returns the nanoseconds until the next poll; zero or less if it may begin now. */
    long nanosToNext(long nowNanos) {
        return nextAt - nowNanos;
    }
}
