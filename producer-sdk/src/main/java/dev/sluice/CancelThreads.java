package dev.sluice;

import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * The threads that cancel requests for callers that must not block. A cancellation can wait for Kafka, and the threads
 * that a whole process shares would all wait while Kafka is away. These are daemons that serve all queues, and end when
 * nothing is to be cancelled.
 */
final class CancelThreads {
    private static final int COUNT = 4;
    private static final int IDLE_SECONDS = 10;

    static final Executor POOL = pool();

    private CancelThreads() {}

    private static Executor pool() {
        ThreadPoolExecutor pool = new ThreadPoolExecutor(
                COUNT, COUNT, IDLE_SECONDS, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), task -> {
                    Thread thread = new Thread(task, "sluice-cancel");
                    thread.setDaemon(true);
                    return thread;
                });
        pool.allowCoreThreadTimeOut(true);
        return pool;
    }
}
