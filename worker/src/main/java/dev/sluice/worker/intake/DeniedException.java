package dev.sluice.worker.intake;

/** A right that the worker needs was taken from its user while it ran. The message is for people, and names it. */
public final class DeniedException extends RuntimeException {
    public DeniedException(String message, Throwable cause) {
        super(message, cause);
    }
}
