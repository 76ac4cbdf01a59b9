package dev.sluice.trials.bench;

/**
 * What a scenario promises.
 *
 * @param measured must not be above {@code limit}
 */
record Bound(String what, long measured, long limit) {
    boolean holds() {
        return measured <= limit;
    }

    /** Something that must not occur. */
    static Bound none(String what, long count) {
        return new Bound(what, count, 0);
    }

    /** Something that must be the case. */
    static Bound is(String what, boolean holds) {
        return new Bound("not: " + what, holds ? 0 : 1, 0);
    }
}
