package dev.sluice;

import java.time.Duration;

/** Runs actions after a delay unless they are cancelled. */
interface DeadlineScheduler extends AutoCloseable {
    /**
     * Runs {@code action} after {@code delay}.
     *
     * @return cancels the action
     */
    Runnable after(Duration delay, Runnable action);

    /** Drops all actions that have not run yet, and all later ones. */
    @Override
    void close();
}
