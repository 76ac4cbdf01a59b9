package dev.sluice.worker.cli;

import dev.sluice.worker.cli.dlq.DeadTopic;
import dev.sluice.worker.cli.dlq.Fate;
import dev.sluice.worker.cli.dlq.Marks;
import dev.sluice.worker.cli.dlq.Selection;
import dev.sluice.worker.cli.dlq.Survey;
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
final class DlqListCommand implements Subcommand {
    private static final int MOST_LINES = 10_000;

    private final Shell shell;

    @Mixin
    private FilterOptions filters = new FilterOptions();

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

    DlqListCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        filters.check(problems);
        if (letters != null && (letters < 1 || letters > MOST_LINES)) {
            problems.add(WrongValue.of("--letters", "1 to " + MOST_LINES, letters));
        }
    }

    @Override
    public int run() throws InterruptedException {
        DeadLetters dead = new DeadLetters(shell, "sluice dlq list", kafka);
        return dead.work(topic -> list(dead, topic));
    }

    private int list(DeadLetters dead, DeadTopic topic) throws InterruptedException {
        Set<Fate> shown = EnumSet.complementOf(EnumSet.of(Fate.OTHER));
        if (!replayed) {
            shown.remove(Fate.REPLAYED);
        }
        Selection selection = new Selection(filters.filter(), List.of(), Integer.MAX_VALUE);
        Survey survey = new Survey(selection, shown, Long.MAX_VALUE, letters == null ? 0 : letters);
        Marks marks = topic.marks(dead.watch());
        topic.letters(
                letter -> {
                    survey.see(letter, marks);
                    return true;
                },
                dead.watch());
        if (json) {
            shell.out().println(LetterJson.survey(survey, letters != null));
        } else {
            print(survey);
        }
        return 0;
    }

    private void print(Survey survey) {
        LetterTables tables = new LetterTables(shell.out(), Instant.now());
        tables.groups(survey.groups());
        if (!survey.lines().isEmpty()) {
            shell.out().println();
            tables.letters(survey.lines());
        }
        if (survey.groups().letters() == 0) {
            shell.out()
                    .println("no dead letter" + (survey.matching() > 0 ? " that was not replayed" : "") + " matches");
        } else {
            shell.out().println("total: " + survey.groups().letters());
        }
        LetterWords.unreplayable(survey).forEach(shell.out()::println);
        if (!replayed && survey.count(Fate.REPLAYED) > 0) {
            shell.out().println(survey.count(Fate.REPLAYED) + " more were replayed; --replayed takes them in");
        }
    }
}
