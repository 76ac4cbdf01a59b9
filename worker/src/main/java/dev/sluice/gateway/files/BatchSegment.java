package dev.sluice.gateway.files;

/**
 * Answers of a batch that one door has written while it ran the batch. Only so many bytes count: what a door adds that
 * was stopped and goes on lies behind them.
 *
 * @param name the name of the file
 */
public record BatchSegment(String name, long bytes) {}
