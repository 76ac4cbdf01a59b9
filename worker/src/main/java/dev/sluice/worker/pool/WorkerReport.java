package dev.sluice.worker.pool;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A message of a worker to the others, as one record of the topic {@code BASE.workers}. Immutable.
 *
 * @param sequence the number of the report among those of this start of the worker
 * @param version the version of the program
 * @param host the name of the machine
 * @param started when the worker was started
 * @param validity for how long the report counts
 * @param bundles the bundles that the worker owns
 * @param width the number of all bundles; 0 while the worker does not know it
 * @param lanes the lanes in which something waits, is called, was spent, or that are stopped
 * @param groups the limits that several models have in common, each as if it were a lane
 * @param cancelled what the worker has cancelled since its start
 * @param calls how the worker's calls have ended since its start
 * @param heap the worker's memory
 */
public record WorkerReport(
        long sequence,
        String version,
        String host,
        Instant started,
        Duration validity,
        int bundles,
        int width,
        List<LaneReport> lanes,
        List<LaneReport> groups,
        CancelledReport cancelled,
        CallsReport calls,
        HeapReport heap) {
    public WorkerReport {
        lanes = List.copyOf(lanes);
        groups = List.copyOf(groups);
    }

    /** Creates the report of a worker that has made no calls and does not tell its memory. */
    public WorkerReport(
            long sequence,
            String version,
            String host,
            Instant started,
            Duration validity,
            int bundles,
            int width,
            List<LaneReport> lanes,
            List<LaneReport> groups,
            CancelledReport cancelled) {
        this(
                sequence,
                version,
                host,
                started,
                validity,
                bundles,
                width,
                lanes,
                groups,
                cancelled,
                CallsReport.NONE,
                HeapReport.NONE);
    }

    /** Creates the report of a worker that has cancelled nothing, and in which no models have a limit in common. */
    public WorkerReport(
            long sequence,
            String version,
            String host,
            Instant started,
            Duration validity,
            int bundles,
            int width,
            List<LaneReport> lanes) {
        this(sequence, version, host, started, validity, bundles, width, lanes, List.of(), CancelledReport.NONE);
    }

    /** Returns the same report with another number. */
    WorkerReport numbered(long number) {
        return new WorkerReport(
                number, version, host, started, validity, bundles, width, lanes, groups, cancelled, calls, heap);
    }

    /** Returns the same report with other lanes. */
    WorkerReport withLanes(List<LaneReport> others) {
        return new WorkerReport(
                sequence, version, host, started, validity, bundles, width, others, groups, cancelled, calls, heap);
    }

    /** Returns the reports on the lanes by model. */
    Map<String, LaneReport> byModel() {
        return byName(lanes);
    }

    /** Returns the reports on the groups by name. */
    Map<String, LaneReport> byGroup() {
        return byName(groups);
    }

    private static Map<String, LaneReport> byName(List<LaneReport> reports) {
        Map<String, LaneReport> byName = new HashMap<>();
        reports.forEach(report -> byName.putIfAbsent(report.model(), report));
        return byName;
    }
}
