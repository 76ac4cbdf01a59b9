package dev.sluice.worker.cli;

import dev.sluice.worker.cli.dlq.Groups;
import dev.sluice.worker.cli.dlq.Survey;
import dev.sluice.worker.observe.Printable;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;

/** Shows counted and single dead letters as tables, in which foreign words can do no harm. */
final class LetterTables {
    private static final int MOST_GROUPS = 100;
    private static final int LONGEST_WORD = 48;
    private static final int LONGEST_ID = 256;

    private final PrintStream out;
    private final Instant now;

    LetterTables(PrintStream out, Instant now) {
        this.out = out;
        this.now = now;
    }

    /** Prints nothing where there are none. */
    void groups(Groups counted) {
        List<Groups.Group> groups = counted.largestFirst();
        if (groups.isEmpty()) {
            return;
        }
        Table table = new Table("LETTERS", "REASON", "STATUS", "MODEL", "TENANT", "OLDEST", "NEWEST");
        for (Groups.Group group : groups.subList(0, Math.min(MOST_GROUPS, groups.size()))) {
            Groups.Key key = group.key();
            table.row(
                    group.letters(),
                    word(key.reason()),
                    word(key.status()),
                    word(key.model()),
                    word(key.tenant()),
                    Moments.ago(group.oldest(), now),
                    Moments.ago(group.newest(), now));
        }
        table.print(out);
        if (groups.size() > MOST_GROUPS) {
            out.println("and " + (groups.size() - MOST_GROUPS)
                    + " smaller groups; a filter, or --json of 'dlq list', shows them");
        }
    }

    /** Prints nothing where there are none. */
    void letters(List<Survey.Line> lines) {
        if (lines.isEmpty()) {
            return;
        }
        Table table = new Table("ID", "DIED", "REASON", "STATUS", "MODEL", "TENANT", "REPLAYS", "POSITION");
        for (Survey.Line line : lines) {
            table.row(
                    Printable.line(line.id(), LONGEST_ID),
                    Moments.ago(line.at(), now),
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
        return text.isEmpty() ? "-" : Printable.line(text, LONGEST_WORD);
    }
}
