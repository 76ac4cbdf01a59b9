package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.cli.command.TextTable;
import dev.sluice.worker.cli.options.Instants;
import dev.sluice.worker.deadletters.DeadLetterGroups;
import dev.sluice.worker.deadletters.DeadLetterSummary;
import dev.sluice.worker.deadletters.ErrorWords;
import dev.sluice.worker.text.PrintableText;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;

/** Prints groups of dead letters and single letters as tables. Foreign text is made safe for a terminal. */
final class DeadLetterTables {
    private static final int MAX_GROUPS = 100;
    private static final int MAX_CELL_LENGTH = 48;
    private static final int MAX_ID_LENGTH = 256;
    private static final int MAX_MESSAGE_LENGTH = 160;

    private final PrintStream out;
    private final Instant now;

    DeadLetterTables(PrintStream out, Instant now) {
        this.out = out;
        this.now = now;
    }

    /** Prints the groups, or nothing if there are none. */
    void printGroups(DeadLetterGroups counted) {
        List<DeadLetterGroups.Group> groups = counted.largestFirst();
        if (groups.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("LETTERS", "REASON", "STATUS", "MODEL", "TENANT", "OLDEST", "NEWEST");
        for (DeadLetterGroups.Group group : groups.subList(0, Math.min(MAX_GROUPS, groups.size()))) {
            DeadLetterGroups.Key key = group.key();
            table.row(
                    group.letters(),
                    cell(key.reason()),
                    cell(key.status()),
                    cell(key.model()),
                    cell(key.tenant()),
                    Instants.ago(group.oldest(), now),
                    Instants.ago(group.newest(), now));
        }
        table.print(out);
        if (groups.size() > MAX_GROUPS) {
            out.println("and " + (groups.size() - MAX_GROUPS)
                    + " smaller groups; a filter, or --json of 'dlq list', shows them");
        }
    }

    /** Prints the letters, or nothing if there are none. */
    void printLetters(List<DeadLetterSummary.Entry> entries) {
        if (entries.isEmpty()) {
            return;
        }
        TextTable table =
                new TextTable("ID", "DIED", "REASON", "STATUS", "MODEL", "TENANT", "REPLAYS", "POSITION", "MESSAGE");
        for (DeadLetterSummary.Entry entry : entries) {
            table.row(
                    PrintableText.line(entry.id(), MAX_ID_LENGTH),
                    Instants.ago(entry.diedAt(), now),
                    cell(entry.key().reason()),
                    cell(entry.key().status()),
                    cell(entry.key().model()),
                    cell(entry.key().tenant()),
                    entry.replays() + (entry.replayed() ? ", again" : ""),
                    entry.position(),
                    message(entry.error()));
        }
        table.print(out);
    }

    /** Returns the sentence in the last column, where a long one moves no other. */
    private static String message(ErrorWords error) {
        return error.message().isEmpty() ? "-" : PrintableText.line(error.message(), MAX_MESSAGE_LENGTH);
    }

    private static String cell(String text) {
        return text.isEmpty() ? "-" : PrintableText.line(text, MAX_CELL_LENGTH);
    }
}
