package dev.sluice.trials.chaos.history;

/**
 * A mark that was written to cancel a request. Times are epoch milliseconds.
 *
 * @param id the id of the request
 * @param sentAt when it was handed to the producer
 * @param acknowledgedAt when Kafka had it
 */
public record WrittenMark(String id, long sentAt, long acknowledgedAt) {}
