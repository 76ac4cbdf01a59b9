package dev.sluice.worker.pool;

import java.util.OptionalDouble;

/**
 * The part of a report that is about one unit of a lane, requests or tokens. Immutable.
 *
 * @param limit the whole limit per second, of which the workers spend parts; empty if none is known
 * @param source where the limit comes from
 * @param spent the amount per second that the worker has spent of late
 * @param wanted the amount per second that it could spend at present
 */
public record BudgetReport(OptionalDouble limit, Source source, double spent, double wanted) {
    /** The budget of a unit without a limit, of which nothing is spent. */
    public static final BudgetReport NONE = new BudgetReport(OptionalDouble.empty(), Source.NONE, 0, 0);

    /** The origins of a limit. */
    public enum Source {
        /** An option names it. */
        TOLD,
        /** Headers of the API's answers name it. */
        HEADER,
        /** The worker has found it out for its own part. */
        FOUND,
        /** The absence of a limit. */
        NONE
    }
}
