package dev.sluice.worker.cli.workers;

import dev.sluice.worker.cli.command.LaneTable;
import dev.sluice.worker.cli.command.TextTable;
import dev.sluice.worker.pool.PoolReading;
import java.io.PrintStream;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Prints the workers of a queue for a person. */
final class WorkersTable {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private WorkersTable() {}

    /** @param lanes true to print the lanes of each worker below them */
    static void print(PrintStream out, PoolReading pool, boolean lanes) {
        TextTable workers = new TextTable("WORKER", "VERSION", "HOST", "UP SINCE", "PARTITIONS");
        pool.workers()
                .forEach((name, report) -> workers.row(
                        name,
                        report.version(),
                        report.host(),
                        report.started().equals(Instant.EPOCH) ? "?" : TIME.format(report.started()),
                        report.width() == 0 ? "-" : report.bundles() + " of " + report.width()));
        workers.print(out);
        if (lanes && !pool.workers().isEmpty()) {
            out.println();
            LaneTable table = new LaneTable("WORKER");
            pool.workers().forEach((name, report) -> {
                report.lanes().forEach(lane -> table.add(lane, name));
                report.groups().forEach(group -> table.addGroup(group, name));
            });
            table.print(out);
        }
        if (!pool.problem().isEmpty()) {
            out.println();
            out.println(pool.problem());
        }
    }
}
