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
 */
public record WorkerReport(
        long sequence,
        String version,
        String host,
        Instant started,
        Duration validity,
        int bundles,
        int width,
        List<LaneReport> lanes) {
    public WorkerReport {
        lanes = List.copyOf(lanes);
    }

    /** Returns the same report with another number. */
    WorkerReport numbered(long number) {
        return new WorkerReport(number, version, host, started, validity, bundles, width, lanes);
    }

    /** Returns the reports on the lanes by model. */
    Map<String, LaneReport> byModel() {
        Map<String, LaneReport> byModel = new HashMap<>();
        lanes.forEach(lane -> byModel.putIfAbsent(lane.model(), lane));
        return byModel;
    }
}
