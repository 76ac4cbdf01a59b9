package dev.sluice.worker.deadletters;

/** A replay could not go on. Of what was under way all was sent and marked, or nothing. */
final class ReplayStoppedException extends RuntimeException {
    private final ReplayFailure obstacle;

    ReplayStoppedException(ReplayFailure obstacle, Throwable cause) {
        super(cause);
        this.obstacle = obstacle;
    }

    ReplayFailure obstacle() {
        return obstacle;
    }
}
