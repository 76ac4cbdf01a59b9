package dev.sluice.sandbox;

import java.time.InstantSource;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionHandler;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** The parts of a stand-in besides its port. */
record StandInParts(
        ChatApi api,
        CallHistory history,
        LongSupplier nanoTime,
        InstantSource clock,
        ScheduledExecutorService timer,
        ExecutorService executor) {
    private static final int THREADS = 16;
    private static final RejectedExecutionHandler DROP_AFTER_CLOSE = new ThreadPoolExecutor.DiscardPolicy();

    static StandInParts of(long seed) {
        LongSupplier nanoTime = System::nanoTime;
        InstantSource clock = InstantSource.system();
        return new StandInParts(
                new ChatApi(nanoTime, clock, seed),
                new CallHistory(CallHistory.MAX_CALLS),
                nanoTime,
                clock,
                newTimer(),
                newExecutor());
    }

    private static ScheduledExecutorService newTimer() {
        return new ScheduledThreadPoolExecutor(1, task -> daemon(task, "stand-in-timer"), DROP_AFTER_CLOSE);
    }

    /** Makes the executor for reading, deciding and writing. An open call needs no thread. */
    private static ExecutorService newExecutor() {
        ThreadPoolExecutor executor = new ThreadPoolExecutor(
                THREADS,
                THREADS,
                10,
                TimeUnit.SECONDS,
                new LinkedBlockingQueue<>(),
                task -> daemon(task, "stand-in"),
                DROP_AFTER_CLOSE);
        executor.allowCoreThreadTimeOut(true);
        return executor;
    }

    private static Thread daemon(Runnable task, String name) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        return thread;
    }
}
