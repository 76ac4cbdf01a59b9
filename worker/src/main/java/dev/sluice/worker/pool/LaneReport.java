package dev.sluice.worker.pool;

/**
 * The part of a report that is about one lane. Immutable.
 *
 * @param model the model; empty for the lane that models share if there are too many
 * @param state the state in one word: flowing, full, limited, open or held
 * @param cause why the lane is stopped; empty if it is not
 * @param waiting the requests that are due and not called yet
 * @param inFlight the calls in flight
 */
public record LaneReport(
        String model,
        String state,
        String cause,
        int waiting,
        int inFlight,
        BudgetReport requests,
        BudgetReport tokens) {
    /** The report on a lane in which there is nothing to do. */
    static final LaneReport NONE = new LaneReport("", "", "", 0, 0, BudgetReport.NONE, BudgetReport.NONE);
}
