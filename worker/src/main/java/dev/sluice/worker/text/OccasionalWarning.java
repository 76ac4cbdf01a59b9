package dev.sluice.worker.text;

import java.time.Duration;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.spi.LoggingEventBuilder;
import org.slf4j.spi.NOPLoggingEventBuilder;

/** A warning that is logged at most once a minute, however often its reason occurs. Thread-safe. */
public final class OccasionalWarning {
    private static final Duration INTERVAL = Duration.ofMinutes(1);

    private final Logger log;
    private final LongSupplier nanoTime;
    private long loggedAt;
    private boolean wasLogged;

    public OccasionalWarning(Logger log, LongSupplier nanoTime) {
        this.log = log;
        this.nanoTime = nanoTime;
    }

    /** Returns the warning to be completed and logged. It logs nothing if the last one was less than a minute ago. */
    public synchronized LoggingEventBuilder event() {
        long now = nanoTime.getAsLong();
        if (wasLogged && now - loggedAt < INTERVAL.toNanos()) {
            return NOPLoggingEventBuilder.singleton();
        }
        wasLogged = true;
        loggedAt = now;
        return log.atWarn();
    }
}
