package dev.sluice.worker.settle;

import java.time.Clock;
import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The timestamps of the records that settle writes. They come from the host's clock. A topic may reject a timestamp
 * that is too far from the broker's clock. Then they come from {@link BrokerTime} for a while, since no request is to
 * blame for the host's clock. Owned by the settle thread.
 */
final class RecordTimestamps {
    private static final long PERIOD_NANOS = Duration.ofMinutes(1).toNanos();

    private static final Logger log = LoggerFactory.getLogger(RecordTimestamps.class);

    private final Clock clock;
    private final BrokerTime brokerTime;
    private final LongSupplier nanoTime;
    private boolean byBroker;
    private long byBrokerUntil;

    RecordTimestamps(Clock clock, BrokerTime brokerTime, LongSupplier nanoTime) {
        this.clock = clock;
        this.brokerTime = brokerTime;
        this.nanoTime = nanoTime;
    }

    /** Returns the epoch ms for a record. */
    long millis() {
        byBroker &= nanoTime.getAsLong() - byBrokerUntil < 0;
        long now = clock.millis();
        return byBroker ? brokerTime.millis().orElse(now) : now;
    }

    /**
     * Learns that Kafka has rejected a timestamp.
     *
     * @return whether the next ones will be others
     */
    boolean rejected() {
        if (byBroker || brokerTime.millis().isEmpty()) {
            return false;
        }
        byBroker = true;
        byBrokerUntil = nanoTime.getAsLong() + PERIOD_NANOS;
        log.atWarn()
                .addKeyValue("host", clock.instant())
                .log("Clock of this host differs from Kafka's; records get Kafka's time");
        return true;
    }
}
