package dev.sluice.trials.chaos.history;

import dev.sluice.trials.chaos.plan.PlannedRequest;

/**
 * A request that was handed to the producer. Times are epoch milliseconds.
 *
 * @param notBefore 0 if it may be called at once
 * @param acknowledgedAt when Kafka had it; {@link #NEVER} if Kafka may or may not have it
 */
public record PublishedRequest(PlannedRequest request, long sentAt, long notBefore, long acknowledgedAt) {
    public static final long NEVER = Long.MAX_VALUE;

    public String id() {
        return request.id();
    }

    public boolean isAcknowledged() {
        return acknowledgedAt != NEVER;
    }

    /** Returns when the workers have to begin with it, or {@link #NEVER} if that is unknown. */
    public long dueAt() {
        return Math.max(acknowledgedAt, notBefore);
    }

    PublishedRequest acknowledged(long at) {
        return new PublishedRequest(request, sentAt, notBefore, at);
    }
}
