package dev.sluice.worker.cli;

import dev.sluice.worker.cli.batch.Progress;
import dev.sluice.worker.cli.dlq.DeadTopic;
import dev.sluice.worker.cli.dlq.Fate;
import dev.sluice.worker.cli.dlq.Marks;
import dev.sluice.worker.cli.dlq.Obstacle;
import dev.sluice.worker.cli.dlq.Replay;
import dev.sluice.worker.cli.dlq.Selection;
import dev.sluice.worker.cli.dlq.Survey;
import dev.sluice.worker.intake.Denied;
import dev.sluice.worker.observe.Printable;
import dev.sluice.worker.settle.SettleClients;
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
final class Replaying {
    private static final int LINES = 20;
    private static final int LONGEST_MEND = 200;
    private static final int MAX_RECORD_BYTES = 16 << 20;
    private static final int MAX_BLOCK_MILLIS = 30_000;
    /** As long as a transaction may take. */
    private static final long LAST_WORDS_MILLIS = 12_000;

    private final Shell shell;
    private final PrintStream out;
    private final KafkaOptions kafka;
    private final DeadLetters dead;
    private final Selection selection;
    private final Replay.Pacing pacing;

    Replaying(Shell shell, KafkaOptions kafka, DeadLetters dead, Selection selection, Replay.Pacing pacing) {
        this.shell = shell;
        this.out = shell.out();
        this.kafka = kafka;
        this.dead = dead;
        this.selection = selection;
        this.pacing = pacing;
    }

    /** Says what {@link #run} would do. */
    int rehearse(DeadTopic topic) throws InterruptedException {
        if (plan(topic, LINES) > 0) {
            out.println("nothing was sent: --dry-run");
        }
        return 0;
    }

    int run(DeadTopic topic, boolean yes) throws InterruptedException {
        long planned = plan(topic, 0);
        if (planned == 0) {
            return 0;
        }
        if (!yes && !confirmed(planned)) {
            shell.err().println("nothing was sent");
            return Cli.FAILED;
        }
        Map<String, Object> properties = new HashMap<>(kafka.properties());
        properties.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MILLIS);
        String transactionalId = Replay.transactionalId(kafka.topics());
        try (Producer<byte[], byte[]> producer =
                SettleClients.producer(properties, transactionalId, MAX_RECORD_BYTES)) {
            return replay(topic, producer, planned);
        }
    }

    /** Says what there is to do; returns how many letters are to be sent. */
    private long plan(DeadTopic topic, int lines) throws InterruptedException {
        Survey survey = new Survey(selection, Set.of(Fate.SENT), pacing.limit(), lines);
        Marks marks = topic.marks(dead.watch());
        topic.letters(
                letter -> {
                    survey.see(letter, marks);
                    return true;
                },
                dead.watch());
        LetterTables tables = new LetterTables(out, Instant.now());
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

    private void say(Survey survey) {
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
                            + Printable.line(mend.value().toString(), LONGEST_MEND)));
        }
        LetterWords.staying(survey, selection.maxReplays()).forEach(out::println);
    }

    private boolean confirmed(long planned) {
        shell.err().print("Send " + planned + (planned == 1 ? " letter" : " letters") + "? [y/N] ");
        shell.err().flush();
        try {
            String answer = new BufferedReader(new InputStreamReader(shell.in(), StandardCharsets.UTF_8)).readLine();
            if (answer == null) {
                shell.err().println(); // after Ctrl-D the cursor still stands behind the question
                return false;
            }
            return answer.strip().matches("(?i)y(es)?");
        } catch (IOException gone) {
            Defects.log(gone);
            return false;
        }
    }

    private int replay(DeadTopic topic, Producer<byte[], byte[]> producer, long planned) throws InterruptedException {
        Progress progress = new Progress(shell.err(), shell.interactive(), System::nanoTime, planned, 0);
        Replay replay = new Replay(
                topic, selection, producer, kafka.topics(), pacing, sent -> progress.show(sent, "letters sent"));
        // what is under way is committed, else it would hold workers up until it times out
        try (LastWords lastWords = LastWords.of("dlq-replay", replay::stop, LAST_WORDS_MILLIS, Replaying::late)) {
            Replay.Result result = replay.run();
            progress.end();
            return report(result);
        }
    }

    private static void late() {
        Defects.log(new IllegalStateException("the replay did not end in time"));
    }

    /** Says how it ended; returns the exit code. */
    int report(Replay.Result result) {
        out.println(result.sent() + " sent and marked as replayed");
        if (result.tooLarge() > 0) {
            out.println(result.tooLarge() + " stay: " + kafka.topics().requests() + " takes no record so large: "
                    + LetterWords.places(result.tooLargeAt(), result.tooLarge()));
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

    private String words(Obstacle obstacle) {
        if (obstacle instanceof Obstacle.Refused refused) {
            Denied.Right tried = refused.sending() ? Denied.Right.WRITE : Denied.Right.READ;
            return Denied.words(refused.refusal(), tried, Replay.transactionalId(kafka.topics()))
                    .orElseThrow();
        }
        return ((Obstacle.Failed) obstacle).words();
    }
}
