package dev.sluice.worker.pace;

/**
 * Finds out that an API counts by more than a second, and what it grants then. Arithmetic only; owned by the pace
 * thread.
 *
 * <p>An API that counts by the second admits a call before which nothing was granted for a second. One that rejects it
 * counts by a longer time, if it says so or rejects several in a row. What was granted in the minute before is then the
 * limit of one that counts by the minute, and less than the limit of one that counts by some seconds. So the estimate
 * rises from there, seldom and by calls.
 */
final class SlowLimit {
    /** The API grants every account a call a minute or more. */
    private static final double LEAST = 1 / 60.0;

    /** The calls of which one is rejected for the sake of the estimate. */
    private static final double CALLS_OF_HOLD = 30;

    /** The calls that show a rate. */
    private static final int CALLS_OF_RATE = 3;

    /** The rejections in a row that no API makes at random. */
    private static final int ROW = 3;

    private static final long SECOND = 1_000_000_000L;

    /** An API that counts by the second makes no call wait for longer, even if it rounds up. */
    private static final long LONGEST_WAIT = 2 * SECOND;

    private static final long MINUTE = 60 * SECOND;

    private final SlidingWindow window;
    private boolean isKnown;
    private boolean wasKnown;
    /** The latest rejections without a granted call in between. */
    private int inRow;

    private long rejectedAt;

    SlowLimit(SlidingWindow window) {
        this.window = window;
    }

    /** Returns true if the API counts by more than a second, and grants few calls in it. */
    boolean isKnown() {
        return isKnown;
    }

    /** Records a rejected call. */
    void rejected(long startedAt) {
        boolean isNextInRow = inRow > 0 && window.sumBetween(rejectedAt, startedAt) == 0;
        inRow = isNextInRow ? inRow + 1 : 1;
        rejectedAt = startedAt;
    }

    /**
     * Judges the first rejected call of an event.
     *
     * @param isPossible false if the limit cannot be slow, since more is granted
     * @param waitNanos how long the API says until the call would fit; 0 if it does not say
     */
    void judge(boolean isPossible, long startedAt, long waitNanos) {
        boolean isShown = (waitNanos > LONGEST_WAIT || inRow >= ROW) && window.isEmptyBefore(startedAt);
        wasKnown = isKnown;
        isKnown = isPossible && (isKnown || isShown);
    }

    /** Returns true if the latest rejection alone says little of the limit. */
    boolean isSingle() {
        return inRow == 1;
    }

    /** Returns what the API grants per second, as a call shows that it rejects. */
    double shownBy(long startedAt) {
        return Math.max(LEAST, window.rateOfMinuteBefore(startedAt));
    }

    /**
     * Returns the nanoseconds until more is tried. What was sent before the limit was known to be slow is forgotten
     * after a minute.
     */
    long hold(double granted) {
        return wasKnown ? (long) (CALLS_OF_HOLD / granted * SECOND) : MINUTE;
    }

    /** Returns the rate per second of the last calls; 0 if there are too few. */
    double rateOfLastCalls(long now) {
        double rate = window.averageRateBefore(now, CALLS_OF_RATE);
        return Double.isInfinite(rate) ? 0 : rate;
    }
}
