package dev.sluice.worker.pieces;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/** A warning that is logged once in a while, however often its reason occurs. Thread-safe. */
final class OccasionalWarning {
    private static final Duration INTERVAL = Duration.ofMinutes(1);

    private final Logger log;
    private final String message;
    private final LongSupplier nanoTime;
    private long loggedAt;
    private boolean wasLogged;

    OccasionalWarning(Logger log, String message, LongSupplier nanoTime) {
        this.log = log;
        this.message = message;
        this.nanoTime = nanoTime;
    }

    synchronized void log(String topic, String reason) {
        long now = nanoTime.getAsLong();
        if (!wasLogged || now - loggedAt >= INTERVAL.toNanos()) {
            wasLogged = true;
            loggedAt = now;
            log.atWarn()
                    .addKeyValue("topic", topic)
                    .addKeyValue("reason", reason)
                    .log(message);
        }
    }
}
