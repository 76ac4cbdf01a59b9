package dev.sluice.worker.pace;

import dev.sluice.worker.pool.Rejections;

/**
 * The first rejected call of an event, which shows how high the limit was when the call started.
 *
 * @param startedAt the start of the call, in nanoseconds of the pace's clock
 * @param amount the amount that the call would have cost
 * @param fitsAfter the nanoseconds until the call would have fitted; 0 if unknown
 */
record FirstRejection(long startedAt, long amount, long fitsAfter) {
    static final FirstRejection NONE = new FirstRejection(0, 0, 0);

    private static final long SECOND = 1_000_000_000L;
    /** Fewer calls than this within a second say little about a rate. */
    private static final int MIN_CALLS_FOR_RATE = 4;

    static FirstRejection of(long startedAt, long amount, long waitNanos) {
        // A hint in whole seconds says nothing about what lies within one.
        return new FirstRejection(startedAt, amount, waitNanos < SECOND ? waitNanos : 0);
    }

    /** Returns true if the API has said when within a second the call would have fitted. */
    boolean hasHint() {
        return fitsAfter > 0;
    }

    /**
     * Returns the whole limit at the start of the call if others spend from it too. What they have spent is known
     * as a rate only. So the hint counts for a limit that has fallen, and otherwise the amount of the whole second.
     *
     * @param granted the former estimate of this worker's own part
     * @param others what others spend per second
     */
    double limit(SlidingWindow window, double granted, double others) {
        double ofSecond = new FirstRejection(startedAt, amount, 0).counted(window, granted) + others;
        double byHint = fitsAfter > 0 ? counted(window, granted) + others * (SECOND - fitsAfter) / SECOND : ofSecond;
        return Rejections.isFall(ofSecond, byHint) ? byHint : ofSecond;
    }

    /**
     * Returns the limit at the start of the call, which is the former estimate forced between two bounds.
     *
     * <p>The API may say when the call would have fitted. The call and the amount still within the second at that time
     * then make up the limit. This also holds for a limit that has just been lowered. If the API does not say, the call
     * did not fit on top of all that was within the second.
     *
     * @param granted the former estimate
     */
    double limit(SlidingWindow window, double granted) {
        double limit = counted(window, granted);
        return window.calls(startedAt) < MIN_CALLS_FOR_RATE
                ? Math.min(limit, window.averageRateBefore(startedAt, MIN_CALLS_FOR_RATE) * (1 + LaneBudget.MARGIN))
                : limit;
    }

    private double counted(SlidingWindow window, double granted) {
        long from = startedAt - SECOND + fitsAfter;
        double within = window.sumBetween(from, startedAt);
        double lower = fitsAfter > 0 ? within + amount : within;
        double upper = lower + (fitsAfter > 0 ? window.lastAmountUpTo(from) : amount) - 1;
        return Math.max(Math.max(lower, Math.min(granted, upper)), Math.min(granted, (double) amount));
    }
}
