package dev.sluice;

import java.time.Duration;

/**
 * No reply within the deadline of an {@code ask}. The request may still be in the queue, or its reply on the way; {@link
 * #id()} finds both.
 */
public final class ReplyTimeoutException extends ChatQueueException {
    private final String id;
    private final Duration deadline;

    public ReplyTimeoutException(String id, Duration deadline) {
        super("no reply to request " + id + " within " + deadline
                + ": wait longer, or see in the workers' log whether they run and what holds them up");
        this.id = id;
        this.deadline = deadline;
    }

    /** The id of the request that was not answered. */
    public String id() {
        return id;
    }

    /** How long was waited. */
    public Duration deadline() {
        return deadline;
    }
}
