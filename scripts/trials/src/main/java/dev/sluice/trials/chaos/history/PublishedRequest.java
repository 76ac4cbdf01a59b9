package dev.sluice.trials.chaos.history;

import dev.sluice.trials.chaos.plan.PlannedRequest;

/**
 * A request that was handed to the producer. Times are epoch milliseconds.
 *
 * @param notBefore 0: none
 * @param acknowledgedAt when Kafka had it; {@link #NEVER}: it may or may not be there
 */
public record PublishedRequest(PlannedRequest request, long sentAt, long notBefore, long acknowledgedAt) {
    public static final long NEVER = Long.MAX_VALUE;

    public String id() {
        return request.id();
    }

    public boolean isAcknowledged() {
        return acknowledgedAt != NEVER;
    }

    /** From when on it has to be worked at; {@link #NEVER} where that can't be said. */
    public long dueAt() {
        return Math.max(acknowledgedAt, notBefore);
    }

    PublishedRequest acknowledged(long at) {
        return new PublishedRequest(request, sentAt, notBefore, at);
    }
}
