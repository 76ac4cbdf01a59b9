package dev.sluice.worker.pace;

import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.LaneReport;
import java.util.Locale;
import java.util.OptionalDouble;

/**
 * A snapshot of a lane.
 *
 * @param model the model, or the empty string for the overflow lane that models share if all other lanes are taken
 * @param reason why the lane does not flow; empty if it does
 * @param waiting the requests that are due and not called yet
 * @param inFlight the calls in flight
 */
public record LaneState(
        String model, Flow flow, String reason, int waiting, int inFlight, Spending requests, Spending tokens) {
    /** The ways in which a lane treats its requests. */
    public enum Flow {
        /** Every waiting request is sent immediately. */
        FLOWING,
        /**
         * Requests wait until calls end or answers are committed. After failures the lane's own calls may be bounded.
         */
        FULL,
        /** Requests wait for the rate limit. */
        LIMITED,
        /** The breaker is open because the API fails. Only probes are sent. */
        OPEN,
        /** The API serves nobody, as with a revoked key. Only probes are sent. */
        HELD
    }

    /**
     * The limit and the use of one unit.
     *
     * @param limit what this worker may spend per second at present; empty if there is no limit or none is known
     * @param perSecond what it has spent in the last second
     * @param report what the other workers are told
     */
    public record Spending(OptionalDouble limit, double perSecond, BudgetReport report) {}

    /** Returns true if the lane is of interest to others: something waits, is called, is wanted, or it is stopped. */
    boolean isActive() {
        boolean isWanted = requests.report().wanted() > 0 || tokens.report().wanted() > 0;
        return waiting > 0 || inFlight > 0 || isWanted || flow == Flow.OPEN || flow == Flow.HELD;
    }

    /** Returns what the other workers are told. */
    public LaneReport report() {
        String state = flow.name().toLowerCase(Locale.ROOT);
        return new LaneReport(model, state, reason, waiting, inFlight, requests.report(), tokens.report());
    }
}
