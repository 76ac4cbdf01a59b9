package dev.sluice.gateway;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.WorkerExecutor;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs what blocks on the volume of stored files on threads of its own, and completes on the event loop. A volume that
 * hangs stops nothing else. It belongs to the event loop.
 */
final class FileTasks {
    private static final Logger LOG = LoggerFactory.getLogger(FileTasks.class);
    private static final int THREADS = 8;
    /** A task that takes longer is named in the log. */
    private static final long MAX_MINUTES = 5;

    private final Vertx vertx;
    private final WorkerExecutor threads;
    private int open;

    FileTasks(Vertx vertx) {
        this.vertx = vertx;
        this.threads = vertx.createSharedWorkerExecutor("sluice-gateway-files", THREADS, MAX_MINUTES, TimeUnit.MINUTES);
    }

    <T> Future<T> run(Callable<T> task) {
        open++;
        return threads.executeBlocking(task, false).onComplete(done -> open--);
    }

    /** Runs a task now and again and again, each time so long after the last one has ended. */
    void every(Duration pause, Runnable task) {
        Future<Boolean> unused = run(() -> {
                    task.run();
                    return true;
                })
                .onComplete(done -> {
                    if (done.failed()) {
                        LOG.error("Task on stored files failed, which is tried again", done.cause());
                    }
                    vertx.setTimer(pause.toMillis(), tick -> every(pause, task));
                });
    }

    /** Returns how many tasks have not ended. */
    int open() {
        return open;
    }
}
