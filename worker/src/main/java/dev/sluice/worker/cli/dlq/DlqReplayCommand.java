package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.deadletters.BodyEdit;
import dev.sluice.worker.deadletters.DeadLetterReplay;
import dev.sluice.worker.deadletters.ReplaySelection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice dlq replay}. */
@Command(
        name = "replay",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Send dead letters back to the queue, the oldest first, each as a new request with its old id, key, "
                    + "headers and body. The counters start anew, sluice-replays rises by one, and an expiry that is "
                    + "over is left out.",
            "",
            "Each letter is sent once: it is marked as replayed in the same transaction, whatever happens to this "
                    + "command. Run it again if it was interrupted. A second one on the same queue stops the first.",
            "",
            "Exits with 0, also where nothing matches; with 1 where it could not go on or was not allowed to."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  sluice dlq replay --reason attempts_exhausted --since 2h --dry-run",
            "  sluice dlq replay --reason rejected --model old/model --set model=new/model --rate 20"
        })
public final class DlqReplayCommand implements Subcommand {
    private final Terminal terminal;

    @Mixin
    private DeadLetterFilterOptions filters = new DeadLetterFilterOptions();

    @Option(
            names = "--dry-run",
            defaultValue = "false",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Show what would be sent and what would stay, and send nothing.")
    private boolean dryRun;

    @Option(
            names = "--yes",
            defaultValue = "false",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Do not ask; needed where there is no terminal to ask on.")
    private boolean yes;

    @Option(
            names = "--limit",
            paramLabel = "N",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Send so many letters at most.")
    private @Nullable Integer limit;

    @Option(
            names = "--rate",
            paramLabel = "N",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = {"Letters per second.", "  Default: as fast as it goes; workers keep to the API's limits"})
    private @Nullable Double rate;

    @Option(
            names = "--set",
            paramLabel = "FIELD=VALUE",
            converter = BodyEditConverter.class,
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Set a field of each body; the value is JSON, or else a text. Dots lead into objects: "
                    + "response_format.type=text. Repeatable.")
    private List<BodyEdit> edits = new ArrayList<>();

    @Option(
            names = "--max-replays",
            paramLabel = "N",
            defaultValue = "3",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Leave letters whose request was replayed so often already.")
    private int maxReplays;

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    public DlqReplayCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        filters.check(problems);
        if (limit != null && limit < 1) {
            problems.add(OptionError.of("--limit", "1 or more", limit));
        }
        if (rate != null && !(rate >= 0.001 && rate <= 1_000_000)) {
            problems.add(OptionError.of("--rate", "0.001 to 1000000 letters per second", rate));
        }
        if (maxReplays < 1) {
            problems.add(OptionError.of("--max-replays", "1 or more", maxReplays));
        }
        if (!dryRun && !yes && !terminal.interactive()) {
            problems.add("there is no terminal to ask on; add --yes to send, or --dry-run to see what would be sent");
        }
    }

    @Override
    public int run() throws InterruptedException {
        ReplaySelection selection = new ReplaySelection(filters.filter(), edits, maxReplays);
        DeadLetterReplay.Pacing pacing = new DeadLetterReplay.Pacing(
                limit == null ? Long.MAX_VALUE : limit, rate == null ? Double.POSITIVE_INFINITY : rate);
        DeadLetterOpener opener = new DeadLetterOpener(terminal, "sluice dlq replay", kafka);
        ReplaySession session = new ReplaySession(terminal, kafka, opener, selection, pacing);
        return opener.run(topic -> dryRun ? session.dryRun(topic) : session.run(topic, yes));
    }
}
