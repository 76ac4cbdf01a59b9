package dev.sluice.worker.threads;

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
public final class SharedDeadline {
    private final LongSupplier nanoTime;
    private final long at;

    private SharedDeadline(LongSupplier nanoTime, long at) {
        this.nanoTime = nanoTime;
        this.at = at;
    }

    /** @param nanoTime a monotonic clock */
    public static SharedDeadline in(Duration duration, LongSupplier nanoTime) {
        return new SharedDeadline(nanoTime, nanoTime.getAsLong() + duration.toNanos());
    }

    public SharedDeadline plus(Duration duration) {
        return new SharedDeadline(nanoTime, at + duration.toNanos());
    }

    private long nanosLeft() {
        return Math.max(0, at - nanoTime.getAsLong());
    }

    /** Waits; whether this ended well and in time. An interrupt ends the wait and stays set. */
    public boolean meets(Future<?> end) {
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
