package dev.sluice.worker.text;

/** Ends a command before it has started anything. The message is all that is shown, so it says what to do. */
public final class CommandException extends RuntimeException {
    public CommandException(String message) {
        super(message);
    }
}
