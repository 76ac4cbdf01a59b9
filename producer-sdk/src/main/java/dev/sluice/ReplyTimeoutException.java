package dev.sluice;

import java.time.Duration;

/**
 * No reply within the deadline of an {@code ask}. The request may still be in the queue, or its reply on the way; {@link
 * #id()} finds both. The message says so where Kafka had not accepted the request by then; the producer may still publish
 * it, and the workers end it as expired, without a call.
 */
public final class ReplyTimeoutException extends ChatQueueException {
    private final String id;
    private final Duration deadline;

    public ReplyTimeoutException(String id, Duration deadline) {
        this(id, deadline, "wait longer, or see in the workers' log whether they run and what holds them up");
    }

    private ReplyTimeoutException(String id, Duration deadline, String remedy) {
        super("no reply to request " + id + " within " + deadline + ": " + remedy);
        this.id = id;
        this.deadline = deadline;
    }

    /** Where the workers are not to blame: the request had not reached them. */
    static ReplyTimeoutException notAccepted(String id, Duration deadline) {
        return new ReplyTimeoutException(
                id,
                deadline,
                "Kafka has not even accepted the request; check that it runs and can be reached, or wait longer");
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
