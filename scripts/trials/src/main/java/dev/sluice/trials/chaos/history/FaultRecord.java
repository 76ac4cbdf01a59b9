package dev.sluice.trials.chaos.history;

import dev.sluice.trials.chaos.plan.ScheduledFault;

/**
 * A fault that has happened.
 *
 * @param target the worker, {@code broker}, or empty for the API and the group
 * @param startedAt epoch milliseconds, like {@code endedAt}
 */
public record FaultRecord(ScheduledFault fault, String target, long startedAt, long endedAt) {}
