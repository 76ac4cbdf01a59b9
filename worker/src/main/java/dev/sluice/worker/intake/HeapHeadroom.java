package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.DoubleSupplier;
import java.util.function.LongConsumer;

/**
 * Whether the heap is so empty that what does not fit into it must be large itself, rather than that others fill it.
 * Holds no state.
 */
public final class HeapHeadroom {
    /** Of the maximum. A worker whose bounds fit its heap holds less, and a record that is at fault wants the rest. */
    private static final double MOST_IN_USE = 0.5;

    private static final int LOOKS = 6;
    private static final long BETWEEN_LOOKS = Duration.ofMillis(200).toNanos();

    private final DoubleSupplier inUse;
    private final LongConsumer waitNanos;

    /**
     * @param inUse the part of the largest heap that is taken, from 0 to 1
     * @param waitNanos waits for so many nanoseconds
     */
    HeapHeadroom(DoubleSupplier inUse, LongConsumer waitNanos) {
        this.inUse = inUse;
        this.waitNanos = waitNanos;
    }

    /** That of this process. */
    public static HeapHeadroom ofThisProcess() {
        return new HeapHeadroom(HeapHeadroom::inUse, LockSupport::parkNanos);
    }

    /** Whether there is room, or comes to be within about a second: calls under way end, and their memory is free. */
    boolean comes() {
        for (int look = 1; inUse.getAsDouble() > MOST_IN_USE; look++) {
            if (look == LOOKS) {
                return false;
            }
            waitNanos.accept(BETWEEN_LOOKS);
        }
        return true;
    }

    /** Asks for the garbage to be collected first, since that counts as in use. Without it the answer is on the safe side. */
    private static double inUse() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return (double) (runtime.totalMemory() - runtime.freeMemory()) / runtime.maxMemory();
    }
}
