package dev.sluice.worker.pool;

/**
 * The calls of one worker that were rejected for one limit, under one epoch of it. Immutable.
 *
 * @param epoch the epoch that the worker knew when it started these calls
 * @param calls how many they are
 * @param shown the least whole limit per second that they show, in the view of this worker
 */
public record Rejections(long epoch, int calls, double shown) {
    /** The absence of rejected calls. */
    public static final Rejections NONE = new Rejections(0, 0, 0);

    /** Returns these rejections and one more call of the same epoch. */
    public Rejections and(double shownByCall) {
        return new Rejections(epoch, calls + 1, calls == 0 ? shownByCall : Math.min(shown, shownByCall));
    }
}
