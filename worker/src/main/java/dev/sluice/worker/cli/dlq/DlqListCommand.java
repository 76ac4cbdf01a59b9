package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.deadletters.DeadLetterJson;
import dev.sluice.worker.deadletters.DeadLetterSummary;
import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.deadletters.ReplayDecision;
import dev.sluice.worker.deadletters.ReplayMarks;
import dev.sluice.worker.deadletters.ReplaySelection;
import java.time.Instant;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice dlq list}. */
@Command(
        name = "list",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Count the dead letters by reason, HTTP status, model and tenant, with the age of the oldest and the "
                    + "newest; or show single ones. Letters that were replayed are left out.",
            "Exits with 0, also where there are none."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  sluice dlq list --since 1d", "  sluice dlq list --reason rejected --model some/model --letters 20"
        })
public final class DlqListCommand implements Subcommand {
    private static final int MAX_LETTERS = 10_000;

    private final Terminal terminal;

    @Mixin
    private DeadLetterFilterOptions filters = new DeadLetterFilterOptions();

    @Option(
            names = "--letters",
            paramLabel = "N",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Show so many single letters too, the oldest first. At most " + MAX_LETTERS + ".")
    private @Nullable Integer letters;

    @Option(
            names = "--replayed",
            defaultValue = "false",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Take in the letters that were replayed.")
    private boolean replayed;

    @Option(
            names = "--json",
            defaultValue = "false",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Print one JSON object instead of tables.")
    private boolean json;

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    public DlqListCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        filters.check(problems);
        if (letters != null && (letters < 1 || letters > MAX_LETTERS)) {
            problems.add(OptionError.of("--letters", "1 to " + MAX_LETTERS, letters));
        }
    }

    @Override
    public int run() throws InterruptedException {
        DeadLetterOpener opener = new DeadLetterOpener(terminal, "sluice dlq list", kafka);
        return opener.run(topic -> list(opener, topic));
    }

    private int list(DeadLetterOpener opener, DeadLetterTopic topic) throws InterruptedException {
        Set<ReplayDecision> shown = EnumSet.complementOf(EnumSet.of(ReplayDecision.NO_MATCH));
        if (!replayed) {
            shown.remove(ReplayDecision.ALREADY_REPLAYED);
        }
        ReplaySelection selection = new ReplaySelection(filters.filter(), List.of(), Integer.MAX_VALUE);
        DeadLetterSummary summary =
                new DeadLetterSummary(selection, shown, Long.MAX_VALUE, letters == null ? 0 : letters);
        ReplayMarks marks = topic.readMarks(opener.progress());
        topic.readLetters(
                letter -> {
                    summary.add(letter, marks);
                    return true;
                },
                opener.progress());
        if (json) {
            terminal.out().println(DeadLetterJson.summary(summary, letters != null));
        } else {
            print(summary);
        }
        return 0;
    }

    private void print(DeadLetterSummary summary) {
        DeadLetterTables tables = new DeadLetterTables(terminal.out(), Instant.now());
        tables.printGroups(summary.groups());
        if (!summary.entries().isEmpty()) {
            terminal.out().println();
            tables.printLetters(summary.entries());
        }
        if (summary.groups().letters() == 0) {
            terminal.out()
                    .println("no dead letter" + (summary.matching() > 0 ? " that was not replayed" : "") + " matches");
        } else {
            terminal.out().println("total: " + summary.groups().letters());
        }
        DeadLetterText.unreplayable(summary).forEach(terminal.out()::println);
        long hidden = summary.count(ReplayDecision.ALREADY_REPLAYED);
        if (!replayed && hidden > 0) {
            terminal.out().println(hidden + " more were replayed; --replayed takes them in");
        }
    }
}
