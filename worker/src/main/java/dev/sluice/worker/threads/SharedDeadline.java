package dev.sluice.worker.threads;

import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;

/**
 * One deadline shared by consecutive waits. Time that is spent in one wait is not available to the next. Immutable and
 * thread-safe.
 */
public final class SharedDeadline {
    private final LongSupplier nanoTime;
    private final long at;

    private SharedDeadline(LongSupplier nanoTime, long at) {
        this.nanoTime = nanoTime;
        this.at = at;
    }

    /**
     * Returns a deadline that is {@code duration} from now.
     *
     * @param nanoTime a monotonic clock
     */
    public static SharedDeadline in(Duration duration, LongSupplier nanoTime) {
        return new SharedDeadline(nanoTime, nanoTime.getAsLong() + duration.toNanos());
    }

    /** Returns a deadline that is {@code duration} later. */
    public SharedDeadline plus(Duration duration) {
        return new SharedDeadline(nanoTime, at + duration.toNanos());
    }

    private long nanosLeft() {
        return Math.max(0, at - nanoTime.getAsLong());
    }

    /**
     * Waits and returns whether the future completed normally and in time. An interrupt ends the wait and stays set.
     */
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

    /** Waits until the thread has ended. An interrupt ends the wait and stays set. */
    public void join(Thread thread) {
        try {
            TimeUnit.NANOSECONDS.timedJoin(thread, nanosLeft());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
