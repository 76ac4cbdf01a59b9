package dev.sluice.trials;

import java.time.Duration;

/** A condition that is checked every few milliseconds until it holds. */
@FunctionalInterface
public interface PolledCondition {
    boolean holds() throws InterruptedException;

    /** Waits until the condition holds. Returns false if it does not within the bound. */
    static boolean holdsWithin(Duration bound, PolledCondition condition) throws InterruptedException {
        long deadline = System.nanoTime() + bound.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(20);
        }
        return true;
    }

    /**
     * Waits until the condition holds.
     *
     * @param what a sentence that names the condition
     * @throws IllegalStateException if it does not hold within the bound
     */
    static void await(String what, Duration bound, PolledCondition condition) throws InterruptedException {
        if (!holdsWithin(bound, condition)) {
            throw new IllegalStateException("not within " + bound + ": " + what);
        }
    }
}
