package dev.sluice.worker.cli.status;

import dev.sluice.worker.cli.command.TextTable;
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
import java.util.Locale;
import java.util.OptionalLong;

/** Prints the status of a queue for a person, within 80 columns. */
final class StatusTable {
    private static final int NUMBER_WIDTH = 13;
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss", Locale.ROOT).withZone(ZoneId.systemDefault());

    private final PrintStream out;
    private final QueueStatus status;

    private StatusTable(PrintStream out, QueueStatus status) {
        this.out = out;
        this.status = status;
    }

    static void print(PrintStream out, QueueStatus status) {
        new StatusTable(out, status).print();
    }

    private void print() {
        GroupStatus group = status.group();
        out.println("queue " + status.queue() + ", group " + group.name() + " ("
                + group.state().replace('_', ' ') + "), at " + TIME.format(status.at()));
        out.println();
        boolean exact = printBacklog();
        if (!group.members().isEmpty()) {
            out.println();
            printMembers(group);
        }
        if (!exact || !status.problems().isEmpty()) {
            out.println();
        }
        if (!exact) {
            out.println("<=: at most so many; what transactions leave between records is counted too");
        }
        status.problems().forEach(problem -> out.println("problem: " + PrintableText.line(problem)));
    }

    /** Prints the backlog. Returns true if all its numbers are exact. */
    private boolean printBacklog() {
        TextTable table = new TextTable("WAITING", right("OPEN"), right("OLDEST"), right("ENDED AHEAD"), right("LAG"));
        boolean exact = true;
        for (TopicBacklog input : status.inputs()) {
            table.row(
                    input.kind(),
                    right(count(input)),
                    right(age(input.oldest(), status.at())),
                    right(String.format(Locale.ROOT, "%,d", input.endedAhead())),
                    right(String.format(Locale.ROOT, "%,d", input.lag())));
            exact &= input.exact();
        }
        TopicBacklog dead = status.dead();
        table.row("dead letters", right(count(dead)), right(age(dead.oldest(), status.at())), "", "");
        table.print(out);
        return exact && dead.exact();
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
