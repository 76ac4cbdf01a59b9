package dev.sluice.worker.deadletters;

/**
 * Thrown when a replay cannot go on. The letters of the current transaction were all sent and marked, or none of them.
 */
final class ReplayStoppedException extends RuntimeException {
    private final ReplayFailure failure;

    ReplayStoppedException(ReplayFailure failure, Throwable cause) {
        super(cause);
        this.failure = failure;
    }

    ReplayFailure failure() {
        return failure;
    }
}
