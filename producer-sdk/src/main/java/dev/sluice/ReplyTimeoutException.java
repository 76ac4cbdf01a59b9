package dev.sluice;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Thrown if an {@code ask} gets no reply within its deadline. The request may still be in the queue, or its reply on
 * the way. {@link #id()} identifies both.
 *
 * <p>The message also tells if Kafka forbade to read the reply, or had not accepted the request by then. The producer
 * may still publish the request, but the workers let it expire without a call.
 */
public final class ReplyTimeoutException extends ChatQueueException {
    private final String id;
    private final Duration deadline;

    public ReplyTimeoutException(String id, Duration deadline) {
        this(id, deadline, "wait longer, or see in the workers' log whether they run and what holds them up");
    }

    private ReplyTimeoutException(String id, Duration deadline, String remedy) {
        this(id, deadline, remedy, null);
    }

    private ReplyTimeoutException(String id, Duration deadline, String remedy, @Nullable Throwable cause) {
        super("no reply to request " + id + " within " + deadline + ": " + remedy, cause);
        this.id = id;
        this.deadline = deadline;
    }

    /** Makes an exception for a request that had not reached the workers, so that the message does not blame them. */
    static ReplyTimeoutException notAccepted(String id, Duration deadline) {
        return new ReplyTimeoutException(
                id,
                deadline,
                "Kafka has not even accepted the request; check that it runs and can be reached, or wait longer");
    }

    /** Makes an exception for a request whose reply may be there, but could not be read. */
    static ReplyTimeoutException unreadable(String id, Duration deadline, ChatQueueException reason) {
        return new ReplyTimeoutException(id, deadline, String.valueOf(reason.getMessage()), reason);
    }

    /** Returns the id of the request that was not answered. */
    public String id() {
        return id;
    }

    /** Returns how long the ask waited. */
    public Duration deadline() {
        return deadline;
    }
}
