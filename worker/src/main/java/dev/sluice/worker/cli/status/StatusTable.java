package dev.sluice.worker.cli.status;

import dev.sluice.worker.cli.command.LaneTable;
import dev.sluice.worker.cli.command.TextTable;
import dev.sluice.worker.pool.CancelledReport;
import dev.sluice.worker.pool.PoolLane;
import dev.sluice.worker.pool.PoolReading;
import dev.sluice.worker.provider.StopRemedy;
import dev.sluice.worker.status.GroupStatus;
import dev.sluice.worker.status.QueueStatus;
import dev.sluice.worker.status.TopicBacklog;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.text.PrintableText;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/** Prints the status of a queue for a person, within 80 columns unless a name is long. */
final class StatusTable {
    private static final int NUMBER_WIDTH = 13;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final PrintStream out;
    private final QueueStatus status;

    private final PoolReading pool;
    private final boolean showsWorkers;

    private StatusTable(PrintStream out, QueueStatus status, PoolReading pool, boolean showsWorkers) {
        this.out = out;
        this.status = status;
        this.pool = pool;
        this.showsWorkers = showsWorkers;
    }

    /** @param showsWorkers true to print the lanes of each worker as well */
    static void print(PrintStream out, QueueStatus status, PoolReading pool, boolean showsWorkers) {
        new StatusTable(out, status, pool, showsWorkers).print();
    }

    private void print() {
        GroupStatus group = status.group();
        out.println("queue " + status.queue() + ", group " + group.name() + " ("
                + group.state().replace('_', ' ') + "), at " + TIME.format(status.at()));
        out.println();
        printBacklog();
        if (!group.members().isEmpty()) {
            out.println();
            printMembers(group);
        }
        printLanes();
        List<String> notes = notes();
        if (!notes.isEmpty() || !status.problems().isEmpty()) {
            out.println();
        }
        notes.forEach(out::println);
        status.problems().forEach(problem -> out.println("problem: " + PrintableText.line(problem)));
    }

    private List<String> notes() {
        List<String> notes = new ArrayList<>();
        boolean areLettersExact = status.dead().exact();
        if (!areLettersExact || !status.inputs().stream().allMatch(TopicBacklog::exact)) {
            notes.add("<=: at most so many; what transactions leave between records is counted too");
        }
        if (!areLettersExact) {
            notes.add("not all dead letters were read, so some that were replayed are counted");
        }
        if (!status.overflowDrained()) {
            notes.add("overflow is not drained: workers of a release without it would read none of it");
        } else if (status.group().members().isEmpty()) { // with workers it may fill again at any time
            notes.add("overflow is drained: workers of a release without it may take over");
        }
        return notes;
    }

    private void printBacklog() {
        TextTable table = new TextTable("WAITING", right("OPEN"), right("OLDEST"), right("ENDED AHEAD"), right("LAG"));
        for (TopicBacklog input : status.inputs()) {
            table.row(
                    input.kind(),
                    right(count(input)),
                    right(age(input.oldest(), status.at())),
                    right(String.format(Locale.ROOT, "%,d", input.endedAhead())),
                    right(String.format(Locale.ROOT, "%,d", input.lag())));
        }
        TopicBacklog dead = status.dead();
        table.row("dead letters", right(count(dead)), right(age(dead.oldest(), status.at())), "", "");
        table.print(out);
    }

    private void printMembers(GroupStatus group) {
        TextTable table = new TextTable("WORKER", "HOST", "PARTITIONS", "SHARE");
        for (GroupStatus.Member member : group.members()) {
            int bundles = member.bundles().size();
            table.row(
                    member.client(),
                    member.host(),
                    bundles + " of " + status.width(),
                    Math.round(100.0 * bundles / status.width()) + " %");
        }
        table.print(out);
    }

    private void printLanes() {
        List<PoolLane> lanes = PoolLane.of(pool.workers());
        if (!lanes.isEmpty()) {
            out.println();
            LaneTable table = new LaneTable();
            lanes.forEach(lane -> table.add(lane.total()));
            PoolLane.ofGroups(pool.workers()).forEach(group -> table.addGroup(group.total()));
            table.print(out);
            lanes.stream().filter(PoolLane::isStopped).forEach(lane -> out.println(stopped(lane)));
        }
        if (showsWorkers && !lanes.isEmpty()) {
            out.println();
            LaneTable table = new LaneTable("WORKER");
            pool.workers().forEach((name, report) -> {
                report.lanes().forEach(lane -> table.add(lane, name));
                report.groups().forEach(group -> table.addGroup(group, name));
            });
            table.print(out);
        }
        CancelledReport cancelled = CancelledReport.sum(pool.workers().values());
        if (cancelled.requests() > 0) {
            out.println();
            out.println(String.format(
                    Locale.ROOT,
                    "cancelled by the workers that run: %,d requests, which spared %,d calls and about %,d tokens",
                    cancelled.requests(),
                    cancelled.calls(),
                    cancelled.tokens()));
        }
        // That no worker runs is said anyway.
        boolean isSaid = pool.isRead() && status.group().members().isEmpty();
        if (!pool.problem().isEmpty() && !isSaid) {
            out.println();
            out.println("lanes are not known: " + PrintableText.line(pool.problem()));
        }
    }

    /** Says in one line why a lane stands still, and what to do about it. */
    static String stopped(PoolLane lane) {
        return PrintableText.line(LaneTable.model(lane.total().model()) + " is "
                + lane.total().state() + " at " + lane.worst().size() + " of " + lane.workers() + " workers: "
                + (lane.total().cause().isEmpty() ? "" : lane.total().cause() + "; ")
                + StopRemedy.of(lane.total().cause()));
    }

    private static String count(TopicBacklog topic) {
        return (topic.exact() ? "" : "<= ") + String.format(Locale.ROOT, "%,d", topic.open());
    }

    private static String age(OptionalLong since, Instant now) {
        if (since.isEmpty()) {
            return "-";
        }
        Duration age = Duration.between(Instant.ofEpochMilli(since.getAsLong()), now);
        return Durations.format(age.isNegative() ? Duration.ZERO : age.truncatedTo(ChronoUnit.SECONDS));
    }

    private static String right(String text) {
        return " ".repeat(Math.max(0, NUMBER_WIDTH - text.length())) + text;
    }
}
