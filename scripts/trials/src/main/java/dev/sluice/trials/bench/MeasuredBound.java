package dev.sluice.trials.bench;

/**
 * What a scenario promises.
 *
 * @param measured must not be above {@code limit}
 */
record MeasuredBound(String what, long measured, long limit) {
    boolean holds() {
        return measured <= limit;
    }

    /** Something that must not occur. */
    static MeasuredBound none(String what, long count) {
        return new MeasuredBound(what, count, 0);
    }

    /** Something that must be the case. */
    static MeasuredBound is(String what, boolean holds) {
        return new MeasuredBound("not: " + what, holds ? 0 : 1, 0);
    }
}
