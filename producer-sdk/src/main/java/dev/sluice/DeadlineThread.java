package dev.sluice;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Runs deadlines on one daemon thread, which starts with the first deadline. It is thread-safe. */
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
        // Asks that are registered after the close have already been failed by the closing thread.
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
