package dev.sluice.worker;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * When several waits have to be over that follow each other: what one of them takes, the next has not. Immutable and
 * thread-safe.
 */
final class Deadline {
    private final LongSupplier nanoTime;
    private final long at;

    private Deadline(LongSupplier nanoTime, long at) {
        this.nanoTime = nanoTime;
        this.at = at;
    }

    /** @param nanoTime a monotonic clock */
    static Deadline in(Duration duration, LongSupplier nanoTime) {
        return new Deadline(nanoTime, nanoTime.getAsLong() + duration.toNanos());
    }

    Deadline plus(Duration duration) {
        return new Deadline(nanoTime, at + duration.toNanos());
    }

    private long nanosLeft() {
        return Math.max(0, at - nanoTime.getAsLong());
    }

    /** Waits; whether this ended well and in time. An interrupt ends the wait and stays set. */
    boolean meets(Future<?> end) {
        try {
            end.get(nanosLeft(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException | ExecutionException | CancellationException late) {
            return false;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** Waits for the thread to end. An interrupt ends the wait and stays set. */
    void join(Thread thread) {
        try {
            TimeUnit.NANOSECONDS.timedJoin(thread, nanosLeft());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
