package dev.sluice.trials.chaos.plan;

/**
 * A fault that is to happen.
 *
 * @param number from 1
 * @param atMillis when, from the start of the publishing
 * @param lengthMillis how long it lasts; before a restart, how long nothing runs
 * @param choice which of the workers that can be struck at that time, modulo their number
 */
public record ScheduledFault(int number, FaultKind kind, long atMillis, long lengthMillis, int choice) {}
