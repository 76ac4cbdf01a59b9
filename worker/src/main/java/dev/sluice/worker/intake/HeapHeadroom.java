package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleSupplier;
import java.util.function.LongConsumer;

/**
 * Checks that the heap is mostly free. A record that does not fit into a mostly free heap is itself too large, and no
 * other object is to blame. Stateless.
 */
public final class HeapHeadroom {
    // A part of the maximum heap. A worker whose bounds fit its heap uses less, and a record that is too large needs
    // more
    // than the rest.
    private static final double MAX_IN_USE = 0.5;

    private static final int MAX_CHECKS = 6;
    private static final long CHECK_INTERVAL_NANOS = Duration.ofMillis(200).toNanos();

    private final DoubleSupplier inUse;
    private final LongConsumer waitNanos;

    /**
     * @param inUse returns the used part of the maximum heap, from 0 to 1
     * @param waitNanos waits for the given nanoseconds
     */
    HeapHeadroom(DoubleSupplier inUse, LongConsumer waitNanos) {
        this.inUse = inUse;
        this.waitNanos = waitNanos;
    }

    public static HeapHeadroom ofThisProcess() {
        return new HeapHeadroom(HeapHeadroom::inUse, LockSupport::parkNanos);
    }

    /**
     * Waits up to about a second for headroom, since calls that end free their memory. Returns false if there is none.
     */
    boolean await() {
        for (int check = 1; inUse.getAsDouble() > MAX_IN_USE; check++) {
            if (check == MAX_CHECKS) {
                return false;
            }
            waitNanos.accept(CHECK_INTERVAL_NANOS);
        }
        return true;
    }

    private static double inUse() {
        // Garbage counts as used. If the JVM ignores this request, the result is too high, which is the safe side.
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return (double) (runtime.totalMemory() - runtime.freeMemory()) / runtime.maxMemory();
    }
}
