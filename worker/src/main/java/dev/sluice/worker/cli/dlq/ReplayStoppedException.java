package dev.sluice.worker.cli.dlq;

/** A replay could not go on. Of what was under way all was sent and marked, or nothing. */
final class ReplayStoppedException extends RuntimeException {
    private final Obstacle obstacle;

    ReplayStoppedException(Obstacle obstacle, Throwable cause) {
        super(cause);
        this.obstacle = obstacle;
    }

    Obstacle obstacle() {
        return obstacle;
    }
}
