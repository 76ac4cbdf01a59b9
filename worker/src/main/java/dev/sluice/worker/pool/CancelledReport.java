package dev.sluice.worker.pool;

/**
 * Counts what a worker has cancelled since its start, and what that has spared. Immutable.
 *
 * @param requests the requests that ended as cancelled
 * @param calls the calls that were not made for them
 * @param tokens the tokens of these calls, estimated by the mean of the model's answered calls
 */
public record CancelledReport(long requests, long calls, long tokens) {
    public static final CancelledReport NONE = new CancelledReport(0, 0, 0);

    /** Returns the sum of both. */
    public CancelledReport plus(CancelledReport other) {
        return new CancelledReport(requests + other.requests, calls + other.calls, tokens + other.tokens);
    }

    /** Returns the sum over all these workers. */
    public static CancelledReport sum(Iterable<WorkerReport> workers) {
        CancelledReport sum = NONE;
        for (WorkerReport worker : workers) {
            sum = sum.plus(worker.cancelled());
        }
        return sum;
    }
}
