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

    /** The change of what is wanted, as a part of the limit, of which others have to know. */
    private static final double CHANGE = 0.1;

    /** The factor by which a limit has to rise for others to know it at once. */
    private static final double RAISE = 1.02;

    private @Nullable WorkerReport last;
    private long lastAt;

    /** Returns whether this report is to be written now. */
    boolean isDue(WorkerReport report, long now) {
        WorkerReport before = last;
        if (before == null || now - lastAt >= INTERVAL) {
            return true;
        }
        return now - lastAt >= LEAST_INTERVAL && differs(before, report);
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
