package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.OptionNames;
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

/** {@code sluice dlq list}. */
@Command(
        name = "list",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Count the dead letters by reason, HTTP status, model and tenant, with the age of the oldest and the newest; or "
                    + "show single ones. Letters that were replayed are left out.",
            "Exits with 0, also where there are none."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  sluice dlq list --since 1d", "  sluice dlq list --reason rejected --model some/model --letters 20"
        })
public final class DlqListCommand implements Subcommand {
    private static final int MOST_LINES = 10_000;

    private final Terminal terminal;

    @Mixin
    private DeadLetterFilterOptions filters = new DeadLetterFilterOptions();

    @Option(
            names = "--letters",
            paramLabel = "N",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Show so many single letters too, the oldest first. At most " + MOST_LINES + ".")
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
        if (letters != null && (letters < 1 || letters > MOST_LINES)) {
            problems.add(OptionError.of("--letters", "1 to " + MOST_LINES, letters));
        }
    }

    @Override
    public int run() throws InterruptedException {
        DeadLetterOpener dead = new DeadLetterOpener(terminal, "sluice dlq list", kafka);
        return dead.work(topic -> list(dead, topic));
    }

    private int list(DeadLetterOpener dead, DeadLetterTopic topic) throws InterruptedException {
        Set<ReplayDecision> shown = EnumSet.complementOf(EnumSet.of(ReplayDecision.OTHER));
        if (!replayed) {
            shown.remove(ReplayDecision.REPLAYED);
        }
        ReplaySelection selection = new ReplaySelection(filters.filter(), List.of(), Integer.MAX_VALUE);
        DeadLetterSummary survey =
                new DeadLetterSummary(selection, shown, Long.MAX_VALUE, letters == null ? 0 : letters);
        ReplayMarks marks = topic.marks(dead.watch());
        topic.letters(
                letter -> {
                    survey.see(letter, marks);
                    return true;
                },
                dead.watch());
        if (json) {
            terminal.out().println(DeadLetterJson.survey(survey, letters != null));
        } else {
            print(survey);
        }
        return 0;
    }

    private void print(DeadLetterSummary survey) {
        DeadLetterTables tables = new DeadLetterTables(terminal.out(), Instant.now());
        tables.groups(survey.groups());
        if (!survey.lines().isEmpty()) {
            terminal.out().println();
            tables.letters(survey.lines());
        }
        if (survey.groups().letters() == 0) {
            terminal.out()
                    .println("no dead letter" + (survey.matching() > 0 ? " that was not replayed" : "") + " matches");
        } else {
            terminal.out().println("total: " + survey.groups().letters());
        }
        DeadLetterText.unreplayable(survey).forEach(terminal.out()::println);
        if (!replayed && survey.count(ReplayDecision.REPLAYED) > 0) {
            terminal.out()
                    .println(survey.count(ReplayDecision.REPLAYED) + " more were replayed; --replayed takes them in");
        }
    }
}
