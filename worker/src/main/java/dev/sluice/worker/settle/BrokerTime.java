package dev.sluice.worker.settle;

import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Knows the time as Kafka sees it, from the timestamps of records that it has accepted. Thread-safe. */
final class BrokerTime {
    private final LongSupplier nanoTime;
    private volatile @Nullable Accepted last;

    private record Accepted(long millis, long atNanos) {}

    BrokerTime(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** @param millis the timestamp of a record just appended. It is the broker's own where the topic says so. */
    void accepted(long millis) {
        last = new Accepted(millis, nanoTime.getAsLong());
    }

    /** Returns the epoch ms, or empty if Kafka has accepted no record so far. */
    OptionalLong millis() {
        Accepted accepted = last;
        return accepted == null
                ? OptionalLong.empty()
                : OptionalLong.of(
                        accepted.millis + TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - accepted.atNanos));
    }
}
