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
import dev.sluice.worker.deadletters.ReplayFailure;
import dev.sluice.worker.deadletters.ReplayMarks;
import dev.sluice.worker.deadletters.ReplaySelection;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.text.PrintableText;
import dev.sluice.worker.text.ProgressBar;
import dev.sluice.worker.topics.AclErrors;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;

/** One run of {@code sluice dlq replay}: says what it would do, asks, does it, and says what came of it. */
final class ReplaySession {
    private static final int LINES = 20;
    private static final int LONGEST_MEND = 200;
    private static final int MAX_RECORD_BYTES = 16 << 20;
    private static final int MAX_BLOCK_MILLIS = 30_000;
    /** As long as a transaction may take. */
    private static final long LAST_WORDS_MILLIS = 12_000;

    private final Terminal terminal;
    private final PrintStream out;
    private final KafkaOptions kafka;
    private final DeadLetterOpener dead;
    private final ReplaySelection selection;
    private final DeadLetterReplay.Pacing pacing;

    ReplaySession(
            Terminal terminal,
            KafkaOptions kafka,
            DeadLetterOpener dead,
            ReplaySelection selection,
            DeadLetterReplay.Pacing pacing) {
        this.terminal = terminal;
        this.out = terminal.out();
        this.kafka = kafka;
        this.dead = dead;
        this.selection = selection;
        this.pacing = pacing;
    }

    /** Says what {@link #run} would do. */
    int rehearse(DeadLetterTopic topic) throws InterruptedException {
        if (plan(topic, LINES) > 0) {
            out.println("nothing was sent: --dry-run");
        }
        return 0;
    }

    int run(DeadLetterTopic topic, boolean yes) throws InterruptedException {
        long planned = plan(topic, 0);
        if (planned == 0) {
            return 0;
        }
        if (!yes && !confirmed(planned)) {
            terminal.err().println("nothing was sent");
            return ExitCode.FAILED;
        }
        Map<String, Object> properties = new HashMap<>(kafka.properties());
        properties.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MILLIS);
        String transactionalId = DeadLetterReplay.transactionalId(kafka.topics());
        try (Producer<byte[], byte[]> producer =
                KafkaClients.transactionalProducer(properties, transactionalId, MAX_RECORD_BYTES)) {
            return replay(topic, producer, planned);
        }
    }

    /** Says what there is to do; returns how many letters are to be sent. */
    private long plan(DeadLetterTopic topic, int lines) throws InterruptedException {
        DeadLetterSummary survey = new DeadLetterSummary(selection, Set.of(ReplayDecision.SENT), pacing.limit(), lines);
        ReplayMarks marks = topic.marks(dead.watch());
        topic.letters(
                letter -> {
                    survey.see(letter, marks);
                    return true;
                },
                dead.watch());
        DeadLetterTables tables = new DeadLetterTables(out, Instant.now());
        tables.groups(survey.groups());
        if (!survey.lines().isEmpty()) {
            out.println();
            tables.letters(survey.lines());
            long more = survey.groups().letters() - survey.lines().size();
            out.print(more > 0 ? "and " + more + " more" + System.lineSeparator() : "");
        }
        say(survey);
        return survey.groups().letters();
    }

    private void say(DeadLetterSummary survey) {
        long planned = survey.groups().letters();
        if (survey.matching() == 0) {
            out.println("no dead letter matches: nothing to replay");
        } else if (planned == 0) {
            out.println("none of the " + survey.matching() + " letters that match can be replayed:");
        } else {
            out.println(planned + " to be sent to " + kafka.topics().requests());
            selection
                    .mends()
                    .forEach(mend -> out.println("in each body: " + String.join(".", mend.path()) + " = "
                            + PrintableText.line(mend.value().toString(), LONGEST_MEND)));
        }
        DeadLetterText.staying(survey, selection.maxReplays()).forEach(out::println);
    }

    private boolean confirmed(long planned) {
        terminal.err().print("Send " + planned + (planned == 1 ? " letter" : " letters") + "? [y/N] ");
        terminal.err().flush();
        try {
            String answer = new BufferedReader(new InputStreamReader(terminal.in(), StandardCharsets.UTF_8)).readLine();
            if (answer == null) {
                terminal.err().println(); // after Ctrl-D the cursor still stands behind the question
                return false;
            }
            return answer.strip().matches("(?i)y(es)?");
        } catch (IOException gone) {
            DebugLog.log(gone);
            return false;
        }
    }

    private int replay(DeadLetterTopic topic, Producer<byte[], byte[]> producer, long planned)
            throws InterruptedException {
        ProgressBar progress = new ProgressBar(terminal.err(), terminal.interactive(), System::nanoTime, planned, 0);
        DeadLetterReplay replay = new DeadLetterReplay(
                topic, selection, producer, kafka.topics(), pacing, sent -> progress.show(sent, "letters sent"));
        // what is under way is committed, else it would hold workers up until it times out
        try (GracefulStop lastWords =
                GracefulStop.of("dlq-replay", replay::stop, LAST_WORDS_MILLIS, ReplaySession::late)) {
            DeadLetterReplay.Result result = replay.run();
            progress.end();
            return report(result);
        }
    }

    private static void late() {
        DebugLog.log(new IllegalStateException("the replay did not end in time"));
    }

    /** Says how it ended; returns the exit code. */
    int report(DeadLetterReplay.Result result) {
        out.println(result.sent() + " sent and marked as replayed");
        if (result.tooLarge() > 0) {
            out.println(result.tooLarge() + " stay: " + kafka.topics().requests() + " takes no record so large: "
                    + DeadLetterText.places(result.tooLargeAt(), result.tooLarge()));
        }
        if (result.obstacle().isPresent()) {
            return dead.fail(words(result.obstacle().get())
                    + "; what was under way was sent and marked as a whole or not at all:"
                    + " the same command again goes on");
        }
        if (result.stopped()) {
            return dead.fail("stopped; the same command again goes on");
        }
        return 0;
    }

    private String words(ReplayFailure obstacle) {
        if (obstacle instanceof ReplayFailure.Refused refused) {
            AclErrors.Right tried = refused.sending() ? AclErrors.Right.WRITE : AclErrors.Right.READ;
            return AclErrors.words(refused.refusal(), tried, DeadLetterReplay.transactionalId(kafka.topics()))
                    .orElseThrow();
        }
        return ((ReplayFailure.Failed) obstacle).words();
    }
}
