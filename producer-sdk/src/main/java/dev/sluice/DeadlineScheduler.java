package dev.sluice;

import java.time.Duration;

/** Runs something later unless it is called off. */
interface DeadlineScheduler extends AutoCloseable {
    /** Runs {@code action} after {@code delay}; what is returned calls it off. */
    Runnable after(Duration delay, Runnable action);

    /** Runs nothing any more. */
    @Override
    void close();
}
