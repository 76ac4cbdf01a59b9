package dev.sluice.worker.cli.cancel;

import dev.sluice.ChatQueue;
import dev.sluice.ChatQueueException;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.RequestRules;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.connection.QueueConnection;
import dev.sluice.worker.cli.options.OptionNames;
import dev.sluice.worker.text.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The command {@code sluice cancel}. */
@Command(
        name = "cancel",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Cancel requests that are in the queue now. Those that are not being called yet end with a failed reply "
                    + "(reason cancelled) and without a dead letter.",
            "",
            "Workers read this within a moment. Whether it came in time shows in the replies: a call that has begun "
                    + "goes on, and what has ended stays as it is."
        },
        footerHeading = "%nExamples:%n",
        footer = {"  sluice cancel 01976f2e-7c1b-7cc4-9e0a-2f0d3c5b8a11", "  sluice cancel --group nightly-42"})
public final class CancelCommand implements Subcommand {
    private static final String NAME = "sluice cancel";

    private final Terminal terminal;

    @Parameters(paramLabel = "ID", arity = "0..*", description = "The ids of requests (sluice-id).")
    private List<String> ids = new ArrayList<>();

    @Option(
            names = "--group",
            paramLabel = "NAME",
            descriptionKey = OptionNames.COMMAND_LINE_ONLY,
            description =
                    "A group whose requests are all cancelled (sluice-group, --request-group of 'submit' and 'ask'). "
                            + "Repeatable.")
    private List<String> groups = new ArrayList<>();

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    public CancelCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        if (problems.isEmpty() && ids.isEmpty() && groups.isEmpty()) {
            problems.add("nothing to cancel; name the ids of requests, or a --group");
        }
        ids.forEach(id -> check("ID", WireHeaders.ID, id, problems));
        groups.forEach(group -> check("--group", WireHeaders.GROUP, group, problems));
    }

    private static void check(String option, String header, String name, List<String> problems) {
        try {
            RequestRules.requireName(header, name);
        } catch (InvalidChatRequestException e) {
            e.problems().forEach(problem -> problems.add(option + ": " + problem.remedy() + ", is " + problem.found()));
        }
    }

    @Override
    public int run() throws InterruptedException {
        try (ChatQueue queue = QueueConnection.openToCancel(kafka)) {
            return cancel(queue);
        }
    }

    /** Writes all marks, says which were written, and returns the exit code. */
    int cancel(ChatQueue queue) throws InterruptedException {
        boolean isDone = true;
        for (String id : ids) {
            isDone &= report("request " + PrintableText.line(id), queue.cancel(id));
        }
        for (String group : groups) {
            isDone &= report("group " + PrintableText.line(group), queue.cancelGroup(group));
        }
        return isDone ? ExitCode.DONE : ExitCode.FAILED;
    }

    private boolean report(String what, CompletableFuture<Void> mark) throws InterruptedException {
        try {
            mark.get();
            terminal.out().println(what + " is cancelled, as far as it is not called yet");
            return true;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ChatQueueException) {
                terminal.err()
                        .println(NAME + ": " + what + " is not cancelled: "
                                + e.getCause().getMessage());
                return false;
            }
            throw new IllegalStateException(e.getCause());
        }
    }
}
