package dev.sluice.worker.cli.dlq;

/** A replay could not go on. Of what was under way all was sent and marked, or nothing. The message is for people. */
final class ReplayStoppedException extends RuntimeException {
    ReplayStoppedException(String message, Throwable cause) {
        super(message, cause);
    }
}
