package dev.sluice.trials.bench;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntToLongFunction;

/**
 * Publishes at a steady rate from a thread of its own, whatever becomes of the requests (an open loop: a slow worker does
 * not slow the load).
 */
final class SteadyLoad implements AutoCloseable {
    private static final long CLOSE_MILLIS = 5_000;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final RequestPublisher publisher;
    private final int partitions;
    private final int perSecond;
    private final IntToLongFunction delayMillis;
    private final Thread thread = new Thread(this::run, "bench-load");
    private volatile boolean closed;

    /** @param delayMillis by the request's place in the load, how far ahead it is due; 0: at once */
    SteadyLoad(RequestPublisher publisher, int partitions, int perSecond, IntToLongFunction delayMillis) {
        this.publisher = publisher;
        this.partitions = partitions;
        this.perSecond = perSecond;
        this.delayMillis = delayMillis;
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
            long delay = delayMillis.applyAsLong(i);
            publisher.publish(i % partitions, delay == 0 ? 0 : System.currentTimeMillis() + delay);
        }
    }

    /** No more from now on. */
    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join(CLOSE_MILLIS);
    }
}
