package dev.sluice.worker.kafka;

import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.AclErrors;
import java.time.Duration;

/** The time that commands wait for the answers of an admin client, and the words for an answer that is an error. */
public final class AdminResults {
    /** The longest wait for one answer. */
    public static final Duration TIMEOUT = Duration.ofSeconds(10);

    private AdminResults() {}

    /** Returns the exception that says that {@code what} could not be read, and why. */
    public static CommandException unreadable(String what, Throwable cause) {
        return new CommandException("cannot read " + what + ": "
                + AclErrors.words(cause, AclErrors.Right.DESCRIBE)
                        .orElseGet(() -> cause.getMessage() + "; try again, and look at the broker's log"));
    }
}
