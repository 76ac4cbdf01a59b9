package dev.sluice.worker.pool;

import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Decides when a worker reports: once a second, and at once when others have to know. Owned by one thread. */
final class ReportSchedule {
    private static final long INTERVAL = Duration.ofSeconds(1).toNanos();

    /** The least time between two reports, so that a demand that comes and goes makes no flood of them. */
    private static final long LEAST_INTERVAL = Duration.ofMillis(100).toNanos();

    /**
     * The least time before a report of the first calls that were rejected under an epoch, or of a new epoch. Each ends
     * the other, so there are few.
     */
    private static final long REJECTION_INTERVAL = Duration.ofMillis(10).toNanos();

    /** The change of what is wanted, as a part of the limit, of which others have to know. */
    private static final double CHANGE = 0.1;

    /** The factor by which a limit has to rise for others to know it at once. */
    private static final double RAISE = 1.02;

    private @Nullable WorkerReport last;
    private long lastAt;

    /** Returns the nanoseconds until this report is to be written; 0 for now. */
    long nanosUntil(WorkerReport report, long now) {
        WorkerReport before = last;
        return before == null ? 0 : Math.max(0, lastAt + interval(before, report) - now);
    }

    private static long interval(WorkerReport before, WorkerReport now) {
        if (showsRejection(before, now)) {
            return REJECTION_INTERVAL;
        }
        return differs(before, now) ? LEAST_INTERVAL : INTERVAL;
    }

    void wrote(WorkerReport report, long now) {
        last = report;
        lastAt = now;
    }

    private static boolean differs(WorkerReport before, WorkerReport report) {
        if (before.bundles() != report.bundles() || before.width() != report.width()) {
            return true;
        }
        return differs(before.byModel(), report.byModel()) || differs(before.byGroup(), report.byGroup());
    }

    private static boolean differs(Map<String, LaneReport> then, Map<String, LaneReport> now) {
        return Stream.concat(then.keySet().stream(), now.keySet().stream())
                .anyMatch(model ->
                        differs(then.getOrDefault(model, LaneReport.NONE), now.getOrDefault(model, LaneReport.NONE)));
    }

    private static boolean differs(LaneReport before, LaneReport now) {
        boolean hasFoundMore = now.term() > 0
                && (isRaised(before.requests(), now.requests()) || isRaised(before.tokens(), now.tokens()));
        return hasFoundMore
                || !before.cause().equals(now.cause())
                || before.term() != now.term()
                || differs(before.requests(), now.requests())
                || differs(before.tokens(), now.tokens());
    }

    private static boolean showsRejection(WorkerReport before, WorkerReport now) {
        return now.byModel().entrySet().stream().anyMatch(lane -> {
            LaneReport then = before.byModel().getOrDefault(lane.getKey(), LaneReport.NONE);
            return showsRejection(then.requests(), lane.getValue().requests())
                    || showsRejection(then.tokens(), lane.getValue().tokens());
        });
    }

    private static boolean showsRejection(BudgetReport before, BudgetReport now) {
        boolean isFirst = before.rejections().calls() == 0
                || before.rejections().epoch() != now.rejections().epoch();
        return before.epoch() != now.epoch() || (isFirst && now.rejections().calls() > 0);
    }

    /** Returns true if the others can spend more of what the pilot has found out. */
    private static boolean isRaised(BudgetReport before, BudgetReport now) {
        return now.source() == BudgetReport.Source.FOUND
                && before.limit().isPresent()
                && now.limit().orElse(Double.POSITIVE_INFINITY)
                        > RAISE * before.limit().getAsDouble();
    }

    private static boolean differs(BudgetReport first, BudgetReport second) {
        double limit = Math.max(first.limit().orElse(0), second.limit().orElse(0));
        if (first.epoch() != second.epoch() || !first.rejections().equals(second.rejections())) {
            return true;
        }
        // Beyond the limit more is not more.
        return Math.abs(Math.min(limit, first.wanted()) - Math.min(limit, second.wanted())) > CHANGE * limit;
    }
}
