package dev.sluice.console;

import dev.sluice.worker.pool.CallsReport;
import dev.sluice.worker.pool.WorkerReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;

/**
 * Turns the counters of workers, which begin at zero with each start, into calls per second. Not thread-safe.
 */
final class CallRates {
    /** The time over which calls are counted. */
    private static final Duration WINDOW = Duration.ofSeconds(10);

    /** A worker that was silent for longer is forgotten. */
    private static final Duration FORGOTTEN = Duration.ofMinutes(2);

    /**
     * The calls per second of all workers.
     *
     * @param answered the calls with a usable answer
     * @param rateLimited the calls that were rejected with 429
     * @param failed all others
     */
    record PerSecond(double answered, double rateLimited, double failed) {
        static final PerSecond NONE = new PerSecond(0, 0, 0);
    }

    private record Start(String worker, Instant started) {}

    private record Seen(CallsReport calls, Instant at) {}

    private record Point(Instant at, long answered, long rateLimited, long failed) {}

    private final Map<Start, Seen> workers = new HashMap<>();
    private final Deque<Point> points = new ArrayDeque<>();
    private long answered;
    private long rateLimited;
    private long failed;

    /** Takes over a reading, and returns the rates up to it. */
    PerSecond add(Map<String, WorkerReport> reports, Instant now) {
        reports.forEach((name, report) -> add(new Start(name, report.started()), report.calls(), now));
        workers.values().removeIf(seen -> seen.at().isBefore(now.minus(FORGOTTEN)));
        Point point = new Point(now, answered, rateLimited, failed);
        while (points.size() > 1 && isOutside(points, now)) {
            points.removeFirst();
        }
        points.addLast(point);
        return rates(points.getFirst(), point);
    }

    /** Returns whether the second point is old enough to count from. */
    private static boolean isOutside(Deque<Point> points, Instant now) {
        return points.stream().skip(1).findFirst().orElseThrow().at().isBefore(now.minus(WINDOW));
    }

    private void add(Start start, CallsReport calls, Instant now) {
        Seen before = workers.put(start, new Seen(calls, now));
        if (before != null) {
            count(before.calls(), calls);
        } else if (!points.isEmpty() && start.started().isAfter(points.getLast().at())) {
            count(CallsReport.NONE, calls); // it has started since the last reading
        }
    }

    private void count(CallsReport from, CallsReport to) {
        answered += Math.max(0, to.answered() - from.answered());
        rateLimited += Math.max(0, to.rateLimited() - from.rateLimited());
        failed += Math.max(0, to.failed() - from.failed());
    }

    private static PerSecond rates(Point from, Point to) {
        double seconds = Duration.between(from.at(), to.at()).toMillis() / 1_000.0;
        if (seconds <= 0) {
            return PerSecond.NONE; // the first reading, or a clock that was set back
        }
        return new PerSecond(
                (to.answered() - from.answered()) / seconds,
                (to.rateLimited() - from.rateLimited()) / seconds,
                (to.failed() - from.failed()) / seconds);
    }
}
