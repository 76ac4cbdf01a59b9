package dev.sluice.worker;

/**
 * A worker that cannot start for a reason people can mend, such as a missing topic. The message is for them: what was
 * wrong, and what to do.
 */
public final class StartException extends RuntimeException {
    public StartException(String message) {
        super(message);
    }
}
