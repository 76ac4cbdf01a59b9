package dev.sluice.worker.cli.workers;

import dev.sluice.worker.pool.PoolChange;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.pool.WorkerReportJson;
import java.time.Instant;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes workers and their reports as JSON. Scripts rely on the names, so fields are added and never renamed. */
final class WorkersJson {
    private static final JsonMapper JSON = JsonMapper.shared();

    private WorkersJson() {}

    /** Returns all workers as one object on one line. */
    static String of(String queue, Instant at, PoolReading pool) {
        ObjectNode root = JSON.createObjectNode()
                .put("queue", queue)
                .put("at", at.toString())
                .put("state", pool.state().name().toLowerCase(Locale.ROOT));
        ArrayNode workers = root.putArray("workers");
        pool.workers()
                .forEach((name, report) ->
                        workers.addObject().put("worker", name).set("report", WorkerReportJson.tree(report)));
        return root.put("problem", pool.problem().isEmpty() ? null : pool.problem())
                .toString();
    }

    /** Returns a report, or the end of a worker, on one line. */
    static String of(PoolChange change) {
        return change.report()
                .map(report -> of(change.worker(), change.at(), report))
                .orElseGet(() -> event(change.worker(), change.at(), change.isSilent() ? "silent" : "left")
                        .toString());
    }

    /** Returns a report on one line. */
    static String of(String worker, Instant at, WorkerReport report) {
        ObjectNode line = event(worker, at, "report");
        line.set("report", WorkerReportJson.tree(report));
        return line.toString();
    }

    private static ObjectNode event(String worker, Instant at, String event) {
        return JSON.createObjectNode()
                .put("worker", worker)
                .put("at", at.toString())
                .put("event", event);
    }
}
