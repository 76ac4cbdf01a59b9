package dev.sluice.worker.pool;

/**
 * The part of a report that is about one lane. Immutable.
 *
 * @param model the model; empty for the lane that models share if there are too many
 * @param state the state in one word: flowing, full, limited, open or held
 * @param cause why the lane is stopped; empty if it is not
 * @param waiting the requests that are due and not called yet
 * @param inFlight the calls in flight
 * @param term the number of the election in which the worker has become, or wants to become, the lane's pilot; 0 if it
 *     does not
 */
public record LaneReport(
        String model,
        String state,
        String cause,
        int waiting,
        int inFlight,
        BudgetReport requests,
        BudgetReport tokens,
        long term) {
    /** The report on a lane in which there is nothing to do. */
    static final LaneReport NONE = new LaneReport("", "", "", 0, 0, BudgetReport.NONE, BudgetReport.NONE);

    /** Makes the report of a worker that is no pilot. */
    public LaneReport(
            String model,
            String state,
            String cause,
            int waiting,
            int inFlight,
            BudgetReport requests,
            BudgetReport tokens) {
        this(model, state, cause, waiting, inFlight, requests, tokens, 0);
    }

    /** Returns the same report with another term. */
    LaneReport inTerm(long other) {
        return new LaneReport(model, state, cause, waiting, inFlight, requests, tokens, other);
    }
}
