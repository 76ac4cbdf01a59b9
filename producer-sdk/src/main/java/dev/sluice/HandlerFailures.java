package dev.sluice;

import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tracks the partitions that are paused at a reply because the handler failed on it. It belongs to one thread. */
final class HandlerFailures {
    private static final Logger LOG = LoggerFactory.getLogger(HandlerFailures.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    /**
     * The consecutive failures of one reply.
     *
     * @param dueNanos the time of the next delivery on the clock that was given
     */
    private record Failure(long offset, int times, long dueNanos) {}

    private final int retries;
    private final LongSupplier nanoTime;
    private final Map<TopicPartition, Failure> paused = new HashMap<>();

    HandlerFailures(int retries, LongSupplier nanoTime) {
        this.retries = retries;
        this.nanoTime = nanoTime;
    }

    /** Records a failure. Returns false if it was the last one allowed. */
    boolean record(TopicPartition partition, long offset, Exception cause) {
        Failure last = paused.get(partition);
        int times = last != null && last.offset() == offset ? last.times() + 1 : 1;
        if (times > retries) {
            return false;
        }
        Duration pause = pause(times);
        paused.put(partition, new Failure(offset, times, nanoTime.getAsLong() + pause.toNanos()));
        LOG.atWarn()
                .addKeyValue("at", partition + "@" + offset)
                .addKeyValue("times", times)
                .addKeyValue("pause", pause)
                .addKeyValue("error", WireHeaders.abbreviated(cause.toString()))
                .log("Reply handler failed, calling it again after a pause");
        return true;
    }

    /** Returns true if this partition is paused. */
    boolean isPaused(TopicPartition partition) {
        return paused.containsKey(partition);
    }

    /** Returns the partitions whose pause is over. */
    List<TopicPartition> due() {
        List<TopicPartition> due = new ArrayList<>();
        paused.forEach((partition, failure) -> {
            // nanoTime may overflow, so the difference is compared
            if (failure.dueNanos() - nanoTime.getAsLong() <= 0) {
                due.add(partition);
            }
        });
        return due;
    }

    void forget(TopicPartition partition) {
        paused.remove(partition);
    }

    /** Returns the pause after this many failures. It begins at a quarter of a second and doubles up to ten seconds. */
    static Duration pause(int times) {
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(times - 1, 10));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }
}
