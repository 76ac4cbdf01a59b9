package dev.sluice.trials.chaos.history;

import dev.sluice.trials.chaos.plan.ScheduledFault;

/**
 * A fault that was made.
 *
 * @param target what was struck
 * @param startedAt epoch milliseconds, like {@code endedAt}
 */
public record FaultRecord(ScheduledFault fault, String target, long startedAt, long endedAt) {}
