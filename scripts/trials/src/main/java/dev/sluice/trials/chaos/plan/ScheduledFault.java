package dev.sluice.trials.chaos.plan;

/**
 * A fault that is to happen.
 *
 * @param number its place in the schedule, from 1
 * @param atMillis the time from the start of the publishing
 * @param lengthMillis how long it lasts; for a restart, how long nothing runs
 * @param choice chooses the worker to strike, modulo the number of candidates at that time
 */
public record ScheduledFault(int number, FaultKind kind, long atMillis, long lengthMillis, int choice) {}
