package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.cli.command.TextTable;
import dev.sluice.worker.cli.options.Instants;
import dev.sluice.worker.deadletters.DeadLetterGroups;
import dev.sluice.worker.deadletters.DeadLetterSummary;
import dev.sluice.worker.text.PrintableText;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;

/** Shows counted and single dead letters as tables, in which foreign words can do no harm. */
final class DeadLetterTables {
    private static final int MOST_GROUPS = 100;
    private static final int LONGEST_WORD = 48;
    private static final int LONGEST_ID = 256;

    private final PrintStream out;
    private final Instant now;

    DeadLetterTables(PrintStream out, Instant now) {
        this.out = out;
        this.now = now;
    }

    /** Prints nothing where there are none. */
    void groups(DeadLetterGroups counted) {
        List<DeadLetterGroups.Group> groups = counted.largestFirst();
        if (groups.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("LETTERS", "REASON", "STATUS", "MODEL", "TENANT", "OLDEST", "NEWEST");
        for (DeadLetterGroups.Group group : groups.subList(0, Math.min(MOST_GROUPS, groups.size()))) {
            DeadLetterGroups.Key key = group.key();
            table.row(
                    group.letters(),
                    word(key.reason()),
                    word(key.status()),
                    word(key.model()),
                    word(key.tenant()),
                    Instants.ago(group.oldest(), now),
                    Instants.ago(group.newest(), now));
        }
        table.print(out);
        if (groups.size() > MOST_GROUPS) {
            out.println("and " + (groups.size() - MOST_GROUPS)
                    + " smaller groups; a filter, or --json of 'dlq list', shows them");
        }
    }

    /** Prints nothing where there are none. */
    void letters(List<DeadLetterSummary.Line> lines) {
        if (lines.isEmpty()) {
            return;
        }
        TextTable table = new TextTable("ID", "DIED", "REASON", "STATUS", "MODEL", "TENANT", "REPLAYS", "POSITION");
        for (DeadLetterSummary.Line line : lines) {
            table.row(
                    PrintableText.line(line.id(), LONGEST_ID),
                    Instants.ago(line.at(), now),
                    word(line.key().reason()),
                    word(line.key().status()),
                    word(line.key().model()),
                    word(line.key().tenant()),
                    line.replays() + (line.replayed() ? ", again" : ""),
                    line.position());
        }
        table.print(out);
    }

    private static String word(String text) {
        return text.isEmpty() ? "-" : PrintableText.line(text, LONGEST_WORD);
    }
}
