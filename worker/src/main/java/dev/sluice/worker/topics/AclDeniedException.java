package dev.sluice.worker.topics;

/** A right that the worker needs was taken from its user while it ran. The message is for people, and names it. */
public final class AclDeniedException extends RuntimeException {
    public AclDeniedException(String message, Throwable cause) {
        super(message, cause);
    }
}
