package dev.sluice.worker.cli.dlq;

import dev.sluice.wire.Reason;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.deadletters.DeadLetterFilter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The options that select dead letters, shared by all commands that search for some. */
final class DeadLetterFilterOptions {
    @Option(
            names = "--reason",
            paramLabel = "WORD",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description =
                    "Letters with this reason, such as rejected or attempts_exhausted. Repeatable, as are the next "
                            + "four: any of them will do.")
    private List<String> reasons = new ArrayList<>();

    @Option(
            names = "--status",
            paramLabel = "STATUS",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Letters whose last answer had this HTTP status.")
    private List<String> statuses = new ArrayList<>();

    @Option(
            names = "--model",
            paramLabel = "NAME",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Letters whose body names this model.")
    private List<String> models = new ArrayList<>();

    @Option(
            names = "--tenant",
            paramLabel = "NAME",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Letters of this tenant.")
    private List<String> tenants = new ArrayList<>();

    @Option(
            names = "--id",
            paramLabel = "ID",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Letters of the request with this id.")
    private List<String> ids = new ArrayList<>();

    @Option(
            names = "--since",
            paramLabel = "WHEN",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Letters no older than this: 2h or 7d ago, or 2026-01-31T08:00:00Z.")
    private @Nullable Instant since;

    @Option(
            names = "--until",
            paramLabel = "WHEN",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Letters older than this, in the same forms.")
    private @Nullable Instant until;

    @Option(
            names = "--contains",
            paramLabel = "TEXT",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description = "Letters with this text in their body, letter for letter.")
    private String contains = "";

    /** Adds a problem for each option with a wrong value. */
    void check(List<String> problems) {
        for (String reason : reasons) {
            if (Reason.of(reason).isEmpty()) {
                problems.add("--reason: '" + reason + "' is none of "
                        + Stream.of(Reason.values()).map(Reason::word).collect(Collectors.joining(", ")));
            }
        }
        for (String status : statuses) {
            if (!status.matches("[1-9]\\d{2}")) {
                problems.add(OptionError.of("--status", "an HTTP status, such as 400", status));
            }
        }
        if (since != null && until != null && !since.isBefore(until)) {
            problems.add(OptionError.of("--since", "before --until (" + until + ")", since));
        }
    }

    DeadLetterFilter filter() {
        return new DeadLetterFilter(
                new HashSet<>(ids),
                new HashSet<>(reasons),
                new HashSet<>(statuses),
                new HashSet<>(models),
                new HashSet<>(tenants),
                since == null ? Instant.MIN : since,
                until == null ? Instant.MAX : until,
                contains);
    }
}
