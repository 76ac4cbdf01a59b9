package dev.sluice;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Deadlines on one daemon thread, which starts with the first of them. Thread-safe. */
final class DeadlineThread implements DeadlineScheduler {
    private final ScheduledThreadPoolExecutor executor;

    DeadlineThread() {
        executor = new ScheduledThreadPoolExecutor(1, task -> {
            Thread thread = new Thread(task, "sluice-deadlines");
            thread.setDaemon(true);
            return thread;
        });
        // An answered ask would otherwise keep its reply in memory until its deadline.
        executor.setRemoveOnCancelPolicy(true);
        // What is asked for after the end was ended by whoever closed this.
        executor.setRejectedExecutionHandler(new ThreadPoolExecutor.DiscardPolicy());
    }

    @Override
    public Runnable after(Duration delay, Runnable action) {
        Future<?> scheduled = executor.schedule(action, delay.toNanos(), TimeUnit.NANOSECONDS);
        return () -> scheduled.cancel(false);
    }

    @Override
    public void close() {
        executor.shutdownNow();
    }
}
