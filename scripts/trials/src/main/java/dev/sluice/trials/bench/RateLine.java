package dev.sluice.trials.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A limit per second that changes at times, in nanoseconds of one monotonic clock. Not thread-safe. */
final class RateLine {
    private static final double SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final List<Step> steps = new ArrayList<>();

    /** What holds from a time on. */
    record Step(long from, double perSecond) {}

    RateLine(long from, double perSecond) {
        steps.add(new Step(from, perSecond));
    }

    /** Another limit from then on; steps come in their order. */
    void change(long from, double perSecond) {
        if (from < steps.get(steps.size() - 1).from()) {
            throw new IllegalArgumentException("a step before the last one");
        }
        steps.add(new Step(from, perSecond));
    }

    List<Step> steps() {
        return List.copyOf(steps);
    }

    /** What holds then; before the first step what holds from it on. */
    double at(long nanos) {
        double perSecond = steps.get(0).perSecond();
        for (Step step : steps) {
            perSecond = step.from() <= nanos ? step.perSecond() : perSecond;
        }
        return perSecond;
    }

    /** What the limit lets pass between two times. */
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
