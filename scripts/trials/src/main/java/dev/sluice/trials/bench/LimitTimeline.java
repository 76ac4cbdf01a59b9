package dev.sluice.trials.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A limit per second that changes over time. Times are nanoseconds of one monotonic clock. Not thread-safe. */
final class LimitTimeline {
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final List<Step> steps = new ArrayList<>();

    /** A limit and the time from which it holds. */
    private record Step(long from, double perSecond) {}

    LimitTimeline(long from, double perSecond) {
        steps.add(new Step(from, perSecond));
    }

    /**
     * Changes the limit from that time on.
     *
     * @throws IllegalArgumentException if the time is before that of the last change
     */
    void change(long from, double perSecond) {
        if (from < steps.get(steps.size() - 1).from()) {
            throw new IllegalArgumentException("a change before the last one");
        }
        steps.add(new Step(from, perSecond));
    }

    /** Returns the limit at that time. The first limit also holds before its time. */
    double at(long nanos) {
        double perSecond = steps.get(0).perSecond();
        for (Step step : steps) {
            perSecond = step.from() <= nanos ? step.perSecond() : perSecond;
        }
        return perSecond;
    }

    /** Returns how much the limit admits between two times. */
    double admits(long from, long to) {
        double sum = 0;
        for (int i = 0; i < steps.size(); i++) {
            long begins = Math.max(from, i == 0 ? from : steps.get(i).from());
            long ends = i + 1 < steps.size() ? Math.min(to, steps.get(i + 1).from()) : to;
            sum += Math.max(0, ends - begins) / SECOND_NANOS * steps.get(i).perSecond();
        }
        return sum;
    }
}
