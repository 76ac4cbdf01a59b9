package dev.sluice.worker.pace;

import java.util.OptionalDouble;

/**
 * A lane at one moment.
 *
 * @param model empty for the lane that all models share which came when the others were taken
 * @param reason why it does not flow; empty where it does
 * @param waiting requests that are due and not sent
 * @param inFlight calls under way
 */
public record LaneState(
        String model, Flow flow, String reason, int waiting, int inFlight, Spending requests, Spending tokens) {
    /** Whether a lane's requests are sent. */
    public enum Flow {
        /** As many are as there are. */
        FLOWING,
        /**
         * Some wait until calls end, in this worker or, after failures, of this lane; or until answers are committed.
         */
        FULL,
        /** Some wait for the rate limit. */
        LIMITED,
        /** The breaker is open: the API fails, and only probes are sent. */
        OPEN,
        /** Nobody is served, as with a revoked key, and only probes are sent. */
        HELD
    }

    /**
     * What is spent of one unit.
     *
     * @param limit per second, what this worker may spend at present; empty where there is no limit or none is known
     * @param perSecond what it has spent in the last second
     */
    public record Spending(OptionalDouble limit, double perSecond) {}
}
