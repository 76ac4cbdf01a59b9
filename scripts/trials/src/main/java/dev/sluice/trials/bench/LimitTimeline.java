package dev.sluice.trials.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A limit per second that changes over time. Times are nanoseconds of one monotonic clock. Not thread-safe. */
final class LimitTimeline {
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final List<Change> changes = new ArrayList<>();

    /** A limit and the time from which it holds. */
    private record Change(long from, double perSecond) {}

    LimitTimeline(long from, double perSecond) {
        changes.add(new Change(from, perSecond));
    }

    /**
     * Changes the limit from that time on.
     *
     * @throws IllegalArgumentException if the time is before that of the last change
     */
    void change(long from, double perSecond) {
        if (from < changes.get(changes.size() - 1).from()) {
            throw new IllegalArgumentException("a change before the last one");
        }
        changes.add(new Change(from, perSecond));
    }

    /** Returns the limit at that time. The first limit also holds before its time. */
    double at(long nanos) {
        double perSecond = changes.get(0).perSecond();
        for (Change change : changes) {
            perSecond = change.from() <= nanos ? change.perSecond() : perSecond;
        }
        return perSecond;
    }

    /** Returns how much the limit admits between two times. */
    double admits(long from, long to) {
        double sum = 0;
        for (int i = 0; i < changes.size(); i++) {
            long begins = Math.max(from, i == 0 ? from : changes.get(i).from());
            long ends = i + 1 < changes.size() ? Math.min(to, changes.get(i + 1).from()) : to;
            sum += Math.max(0, ends - begins) / SECOND_NANOS * changes.get(i).perSecond();
        }
        return sum;
    }
}
