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
        String text,
        String body) {
    /** Returns the place that it goes to, as a report names it. */
    public String place() {
        return (express ? "express " : "") + partition;
    }
}
