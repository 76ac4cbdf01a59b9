package dev.sluice.trials.bench;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntConsumer;

/**
 * Publishes at a steady rate on a thread of its own. It is an open loop: a slow worker does not slow the load.
 */
final class SteadyLoad implements AutoCloseable {
    private static final long CLOSE_MILLIS = 5_000;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final int perSecond;
    private final IntConsumer publish;
    private final Thread thread = new Thread(this::run, "bench-load");
    private volatile boolean closed;

    /** @param publish publishes a request and receives its place in the load, from 0 */
    SteadyLoad(int perSecond, IntConsumer publish) {
        this.perSecond = perSecond;
        this.publish = publish;
        thread.setDaemon(true);
    }

    SteadyLoad start() {
        thread.start();
        return this;
    }

    private void run() {
        long start = System.nanoTime();
        for (int i = 0; !closed; i++) {
            long at = start + i * SECOND_NANOS / perSecond;
            for (long left = at - System.nanoTime(); left > 0 && !closed; left = at - System.nanoTime()) {
                LockSupport.parkNanos(left);
            }
            publish.accept(i);
        }
    }

    /** Stops the load. */
    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join(CLOSE_MILLIS);
    }
}
