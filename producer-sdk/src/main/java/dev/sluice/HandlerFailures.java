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

/** Which partitions stand still at a reply that its handler has refused, how often it has, and until when. One thread's. */
final class HandlerFailures {
    private static final Logger LOG = LoggerFactory.getLogger(HandlerFailures.class);
    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(10);

    /** @param dueNanos on the clock that was given, when it is handed over again */
    private record Refusal(long offset, int times, long dueNanos) {}

    private final int retries;
    private final LongSupplier nanoTime;
    private final Map<TopicPartition, Refusal> held = new HashMap<>();

    HandlerFailures(int retries, LongSupplier nanoTime) {
        this.retries = retries;
        this.nanoTime = nanoTime;
    }

    /** Notes a refusal; false where it was the last. */
    boolean again(TopicPartition partition, long offset, Exception cause) {
        Refusal last = held.get(partition);
        int times = last != null && last.offset() == offset ? last.times() + 1 : 1;
        if (times > retries) {
            return false;
        }
        Duration pause = pause(times);
        held.put(partition, new Refusal(offset, times, nanoTime.getAsLong() + pause.toNanos()));
        LOG.atWarn()
                .addKeyValue("at", partition + "@" + offset)
                .addKeyValue("times", times)
                .addKeyValue("pause", pause)
                .addKeyValue("error", WireHeaders.abbreviated(cause.toString()))
                .log("A handler refused a reply, which comes again after a pause");
        return true;
    }

    /** Whether this partition stands still. */
    boolean holds(TopicPartition partition) {
        return held.containsKey(partition);
    }

    /** The partitions whose pause is over. */
    List<TopicPartition> due() {
        List<TopicPartition> due = new ArrayList<>();
        held.forEach((partition, refusal) -> {
            if (refusal.dueNanos() - nanoTime.getAsLong() <= 0) {
                due.add(partition);
            }
        });
        return due;
    }

    void forget(TopicPartition partition) {
        held.remove(partition);
    }

    /** A quarter of a second, doubled each time, up to ten. */
    static Duration pause(int times) {
        Duration pause = FIRST_PAUSE.multipliedBy(1L << Math.min(times - 1, 10));
        return pause.compareTo(LONGEST_PAUSE) < 0 ? pause : LONGEST_PAUSE;
    }
}
