package dev.sluice.gateway.files;

/**
 * The progress of the door that runs a batch.
 *
 * @param sent the last line that is on the queue
 */
public record BatchProgress(int sent, BatchCounts counts) {}
