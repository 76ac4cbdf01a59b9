package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.GracefulStop;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.deadletters.DeadLetterReplay;
import dev.sluice.worker.deadletters.DeadLetterSummary;
import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.deadletters.ReplayDecision;
import dev.sluice.worker.deadletters.ReplayMarks;
import dev.sluice.worker.deadletters.ReplaySelection;
import dev.sluice.worker.text.PrintableText;
import dev.sluice.worker.text.ProgressBar;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Set;
import org.apache.kafka.clients.producer.Producer;

/** Runs a replay once. It prints the plan, asks for confirmation, replays, and prints the result. */
final class ReplaySession {
    private static final int MAX_LISTED_LETTERS = 20;
    private static final int MAX_EDIT_LENGTH = 200;
    // longer than a transaction may take
    private static final long STOP_TIMEOUT_MILLIS = 12_000;

    private final Terminal terminal;
    private final PrintStream out;
    private final KafkaOptions kafka;
    private final DeadLetterOpener opener;
    private final ReplaySelection selection;
    private final DeadLetterReplay.Pacing pacing;

    ReplaySession(
            Terminal terminal,
            KafkaOptions kafka,
            DeadLetterOpener opener,
            ReplaySelection selection,
            DeadLetterReplay.Pacing pacing) {
        this.terminal = terminal;
        this.out = terminal.out();
        this.kafka = kafka;
        this.opener = opener;
        this.selection = selection;
        this.pacing = pacing;
    }

    /** Prints what {@link #run} would do, and returns the exit code. */
    int dryRun(DeadLetterTopic topic) throws InterruptedException {
        if (printPlan(topic, MAX_LISTED_LETTERS) > 0) {
            out.println("nothing was sent: --dry-run");
        }
        return ExitCode.DONE;
    }

    /**
     * Replays the letters and returns the exit code.
     *
     * @param yes whether to replay without a confirmation
     */
    int run(DeadLetterTopic topic, boolean yes) throws InterruptedException {
        long planned = printPlan(topic, 0);
        if (planned == 0) {
            return ExitCode.DONE;
        }
        if (!yes && !confirmed(planned)) {
            terminal.err().println("nothing was sent");
            return ExitCode.FAILED;
        }
        try (Producer<byte[], byte[]> producer = DeadLetterReplay.producer(kafka.properties(), kafka.topics())) {
            return replay(topic, producer, planned);
        }
    }

    /** Prints the plan of the replay, and returns the number of letters to be sent. */
    private long printPlan(DeadLetterTopic topic, int maxEntries) throws InterruptedException {
        DeadLetterSummary summary =
                new DeadLetterSummary(selection, Set.of(ReplayDecision.SEND), pacing.limit(), maxEntries);
        ReplayMarks marks = topic.readMarks(opener.progress());
        topic.readLetters(
                letter -> {
                    summary.add(letter, marks);
                    return true;
                },
                opener.progress());
        DeadLetterTables tables = new DeadLetterTables(out, Instant.now());
        tables.printGroups(summary.groups());
        if (!summary.entries().isEmpty()) {
            out.println();
            tables.printLetters(summary.entries());
            long more = summary.groups().letters() - summary.entries().size();
            out.print(more > 0 ? "and " + more + " more" + System.lineSeparator() : "");
        }
        printCounts(summary);
        return summary.groups().letters();
    }

    private void printCounts(DeadLetterSummary summary) {
        long planned = summary.groups().letters();
        if (summary.matching() == 0) {
            out.println("no dead letter matches: nothing to replay");
        } else if (planned == 0) {
            out.println("none of the " + summary.matching() + " letters that match can be replayed:");
        } else {
            out.println(planned + " to be sent to " + kafka.topics().requests());
            selection
                    .edits()
                    .forEach(edit -> out.println("in each body: " + String.join(".", edit.path()) + " = "
                            + PrintableText.line(edit.value().toString(), MAX_EDIT_LENGTH)));
        }
        DeadLetterText.staying(summary, selection.maxReplays()).forEach(out::println);
    }

    private boolean confirmed(long planned) {
        terminal.err().print("Send " + planned + (planned == 1 ? " letter" : " letters") + "? [y/N] ");
        terminal.err().flush();
        try {
            String answer = new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8)).readLine();
            if (answer == null) {
                terminal.err().println(); // after Ctrl-D the cursor is still on the line of the question
                return false;
            }
            return answer.strip().matches("(?i)y(es)?");
        } catch (IOException e) {
            DebugLog.log(e);
            return false;
        }
    }

    private int replay(DeadLetterTopic topic, Producer<byte[], byte[]> producer, long planned)
            throws InterruptedException {
        ProgressBar progress = new ProgressBar(terminal.err(), terminal.interactive(), System::nanoTime, planned, 0);
        DeadLetterReplay replay = new DeadLetterReplay(
                topic,
                selection,
                producer,
                kafka.topics(),
                pacing,
                System.getProperty("user.name"),
                sent -> progress.show(sent, "letters sent"));
        // lets the current transaction be committed; left open, it would block workers until it times out
        try (GracefulStop closedAtTheEnd =
                GracefulStop.of("dlq-replay", replay::stop, STOP_TIMEOUT_MILLIS, ReplaySession::logLateStop)) {
            DeadLetterReplay.Result result = replay.run();
            progress.end();
            return report(result);
        }
    }

    private static void logLateStop() {
        DebugLog.log(new IllegalStateException("the replay did not end in time"));
    }

    /** Prints the result and returns the exit code. */
    int report(DeadLetterReplay.Result result) {
        out.println(result.sent() + " sent and marked as replayed");
        if (result.tooLarge() > 0) {
            out.println(result.tooLarge() + " stay: " + kafka.topics().requests() + " takes no record so large: "
                    + DeadLetterText.positions(result.tooLargeAt(), result.tooLarge()));
        }
        if (result.failure().isPresent()) {
            return opener.fail(result.failure().get().words(kafka.topics())
                    + "; what was under way was sent and marked as a whole or not at all:"
                    + " the same command again goes on");
        }
        if (result.stopped()) {
            return opener.fail("stopped; the same command again goes on");
        }
        return ExitCode.DONE;
    }
}
