package dev.sluice.worker.pool;

/**
 * Counts the calls of a worker that have ended since its start. Calls that were cancelled are not among them.
 * Immutable.
 *
 * @param answered the calls with a usable answer
 * @param rateLimited the calls that the API rejected with 429
 * @param failed all others
 */
public record CallsReport(long answered, long rateLimited, long failed) {
    public static final CallsReport NONE = new CallsReport(0, 0, 0);
}
