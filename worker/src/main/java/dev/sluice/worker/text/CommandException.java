package dev.sluice.worker.text;

/** A command that cannot start: exit code 2. The message is all that is shown: what is wrong, and the remedy. */
public final class CommandException extends RuntimeException {
    public CommandException(String message) {
        super(message);
    }
}
