package dev.sluice.worker.pool;

import java.util.OptionalDouble;

/**
 * The part of a report that is about one unit of a lane, requests or tokens. Immutable.
 *
 * @param limit the whole limit per second, of which the workers spend parts; empty if none is known
 * @param source where the limit comes from
 * @param spent the amount per second that the worker has spent of late
 * @param wanted the amount per second that it could spend at present
 * @param epoch how often a limit that is found out has been lowered
 * @param rejections the worker's latest rejected calls, if it follows a limit that another one finds out
 */
public record BudgetReport(
        OptionalDouble limit, Source source, double spent, double wanted, long epoch, Rejections rejections) {
    /** The budget of a unit without a limit, of which nothing is spent. */
    public static final BudgetReport NONE = new BudgetReport(OptionalDouble.empty(), Source.NONE, 0, 0);

    /** The origins of a limit. */
    public enum Source {
        /** An option names it. */
        TOLD,
        /** Headers of the API's answers name it. */
        HEADER,
        /** The workers have found it out. */
        FOUND,
        /** The absence of a limit. */
        NONE
    }

    /** Makes the report of a limit that was never lowered. */
    public BudgetReport(OptionalDouble limit, Source source, double spent, double wanted) {
        this(limit, source, spent, wanted, 0, Rejections.NONE);
    }

    /** Returns true if nobody has to find the limit out. */
    boolean isNamed() {
        return source == Source.TOLD || source == Source.HEADER;
    }
}
