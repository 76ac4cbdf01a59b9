package dev.sluice.trials.chaos.plan;

/**
 * A request that is to be published.
 *
 * @param id unique; part of {@code text}, so that calls and answers can be told apart
 * @param partition of the request topic
 * @param atMillis when, from the start of the publishing
 * @param dueAfterMillis its not-before, from when it is published; 0: none
 * @param text of its last message; empty where the body has none
 * @param body the record's value
 */
public record PlannedRequest(
        String id, RequestKind kind, int partition, long atMillis, long dueAfterMillis, String text, String body) {}
