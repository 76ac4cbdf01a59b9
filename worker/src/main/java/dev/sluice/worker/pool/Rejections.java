package dev.sluice.worker.pool;

import java.util.List;

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

    /** A limit of which less than this part is left has fallen, and is not only measured more exactly. */
    private static final double FALLEN_BELOW = 0.8;

    /** Returns all rejected calls of one epoch. */
    public static Rejections sum(List<Rejections> reports, long epoch) {
        Rejections sum = new Rejections(epoch, 0, 0);
        for (Rejections report : reports) {
            if (report.epoch() == epoch && report.calls() > 0) {
                sum = sum.and(report.calls(), report.shown());
            }
        }
        return sum;
    }

    /** Returns these rejections and more calls of the same epoch. */
    public Rejections and(int more, double shownByThem) {
        return new Rejections(epoch, calls + more, calls == 0 ? shownByThem : Math.min(shown, shownByThem));
    }

    /** Returns true if what these calls show of a limit is less than the errors of measurement can explain. */
    public boolean showFallOf(double limit) {
        return calls > 0 && isFall(limit, shown);
    }

    /** Returns true if what a rejected call shows of a limit is less than the errors of measurement can explain. */
    public static boolean isFall(double limit, double shown) {
        return shown < Math.min(FALLEN_BELOW * limit, limit - 1);
    }
}
