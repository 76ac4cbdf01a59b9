package dev.sluice.trials.bench;

/**
 * A figure and the bound that it must keep.
 *
 * @param measured must not be above {@code limit}
 */
record MeasuredBound(String what, long measured, long limit) {
    boolean holds() {
        return measured <= limit;
    }

    /** Makes the bound of a count that must be 0. */
    static MeasuredBound none(String what, long count) {
        return new MeasuredBound(what, count, 0);
    }

    /** Makes the bound of a statement that must be true. */
    static MeasuredBound is(String what, boolean holds) {
        return new MeasuredBound("not: " + what, holds ? 0 : 1, 0);
    }
}
