package dev.sluice.trials.chaos.plan;

/**
 * A request that is to be published.
 *
 * @param id unique; it is part of {@code text}, so that calls and answers can be told apart
 * @param express true if it goes to the express topic
 * @param tenant its tenant; empty for none
 * @param partition the partition of its topic
 * @param atMillis the time from the start of the publishing
 * @param dueAfterMillis its not-before, from the time when it is published; 0 for none
 * @param cancelAfterMillis the time from its publishing to its cancellation; {@link #NEVER} if it is not cancelled
 * @param text the text of its last message; empty if the body has none
 * @param body the value of the record
 */
public record PlannedRequest(
        String id,
        RequestKind kind,
        boolean express,
        String tenant,
        int partition,
        long atMillis,
        long dueAfterMillis,
        long cancelAfterMillis,
        String text,
        String body) {
    public static final long NEVER = -1;

    /** Returns true if it is cancelled at some time. */
    public boolean isCancelled() {
        return cancelAfterMillis != NEVER;
    }

    PlannedRequest cancelledAfter(long millis) {
        return new PlannedRequest(id, kind, express, tenant, partition, atMillis, dueAfterMillis, millis, text, body);
    }

    /** Returns the place that it goes to, as a report names it. */
    public String place() {
        return (express ? "express " : "") + partition;
    }
}
