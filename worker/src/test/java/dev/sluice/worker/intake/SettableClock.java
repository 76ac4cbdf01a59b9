package dev.sluice.worker.intake;

import dev.sluice.worker.SuppliedClock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/** A clock that a test sets. */
public final class SettableClock extends SuppliedClock {
    private final AtomicLong millis;

    public SettableClock(long millis) {
        this(new AtomicLong(millis));
    }

    private SettableClock(AtomicLong millis) {
        super(millis::get);
        this.millis = millis;
    }

    public void pass(Duration duration) {
        millis.addAndGet(duration.toMillis());
    }
}
