package dev.sluice.gateway.batches;

import dev.sluice.gateway.files.BatchStore;
import dev.sluice.worker.batch.BatchQueue;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the batches while this door is the elected one, on a thread of its own. Where something fails, Kafka or the
 * disk, it begins anew with what is safe, as another door would. Thread-safe.
 */
public final class BatchRunner implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BatchRunner.class);
    private static final Duration CLOSE_TIME = Duration.ofSeconds(10);
    private static final long FIRST_PAUSE_MILLIS = 1_000;
    private static final long LONGEST_PAUSE_MILLIS = 10_000;
    /** The time without a failure after which the next pause is short again. */
    private static final long WELL_NANOS = Duration.ofMinutes(1).toNanos();

    private static final int FILE_THREADS = 2;

    /** Connects to the queue. */
    @FunctionalInterface
    public interface QueueOpener {
        /**
         * Connects to the queue.
         *
         * @param directory the name of the directory of the batches, which all doors have that share it
         */
        BatchQueue open(String directory);
    }

    private final BatchStore store;
    private final QueueOpener queues;
    private final BatchLimits limits;
    private final ExecutorService threads = Executors.newFixedThreadPool(FILE_THREADS, task -> {
        Thread thread = new Thread(task, "sluice-batch-files");
        thread.setDaemon(true);
        return thread;
    });
    private final CountDownLatch stopping = new CountDownLatch(1);
    private final Thread thread = new Thread(this::run, "sluice-batches");
    private long pauseMillis = FIRST_PAUSE_MILLIS;

    private BatchRunner(BatchStore store, QueueOpener queues, BatchLimits limits) {
        this.store = store;
        this.queues = queues;
        this.limits = limits;
    }

    /**
     * Starts to stand for election.
     *
     * @param queues connects to the queue, anew after each failure
     */
    public static BatchRunner start(BatchStore store, QueueOpener queues, BatchLimits limits) {
        BatchRunner runner = new BatchRunner(store, queues, limits);
        runner.thread.setDaemon(true);
        runner.thread.start();
        return runner;
    }

    private boolean isStopping() {
        return stopping.getCount() == 0;
    }

    private void run() {
        while (!isStopping()) {
            long began = System.nanoTime();
            try (BatchQueue queue = queues.open(store.directoryName());
                    BatchElection election = new BatchElection(queue, store, limits, threads, System::nanoTime)) {
                while (!isStopping()) {
                    election.step();
                }
                election.save();
            } catch (IOException | RuntimeException e) { // the backstop of this thread
                if (System.nanoTime() - began > WELL_NANOS) {
                    pauseMillis = FIRST_PAUSE_MILLIS;
                }
                report(e);
                pause();
            }
        }
    }

    private void report(Exception failure) {
        if (isStopping()) {
            LOG.debug("Batches stopped", failure);
            return;
        }
        Throwable cause = failure;
        while (cause.getCause() != null && !(cause instanceof IOException)) {
            cause = cause.getCause();
        }
        LOG.atError()
                .addKeyValue("error", cause.toString())
                .addKeyValue("again_in_seconds", pauseMillis / 1_000)
                .log("Batches stand still, and go on from where they are");
        LOG.debug("Batches stand still", failure);
    }

    private void pause() {
        try {
            boolean unused = stopping.await(pauseMillis, TimeUnit.MILLISECONDS);
            pauseMillis = Math.min(2 * pauseMillis, LONGEST_PAUSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stopping.countDown();
        }
    }

    /** Stops soon, after what has come is safe. Another door goes on. */
    @Override
    public void close() {
        stopping.countDown();
        try {
            thread.join(CLOSE_TIME.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        threads.shutdownNow();
    }
}
