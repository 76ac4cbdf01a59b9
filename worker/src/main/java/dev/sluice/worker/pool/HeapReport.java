package dev.sluice.worker.pool;

/**
 * The memory of a worker's Java heap, in bytes. Immutable.
 *
 * @param used what is in use, garbage that was not collected yet included
 * @param max the most that there can be; 0 if the worker does not tell
 */
public record HeapReport(long used, long max) {
    public static final HeapReport NONE = new HeapReport(0, 0);

    /** Returns the heap of this process. */
    public static HeapReport current() {
        Runtime runtime = Runtime.getRuntime();
        return new HeapReport(runtime.totalMemory() - runtime.freeMemory(), runtime.maxMemory());
    }
}
