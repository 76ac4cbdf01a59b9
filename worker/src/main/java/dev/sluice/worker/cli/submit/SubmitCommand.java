package dev.sluice.worker.cli.submit;

import dev.sluice.ChatQueue;
import dev.sluice.worker.batch.BatchJob;
import dev.sluice.worker.batch.BatchOutput;
import dev.sluice.worker.batch.BatchSubmission;
import dev.sluice.worker.batch.KafkaPreviousRun;
import dev.sluice.worker.batch.LineStates;
import dev.sluice.worker.batch.PreviousRun;
import dev.sluice.worker.batch.ResumePoint;
import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.GracefulStop;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.connection.QueueConnection;
import dev.sluice.worker.cli.options.ConfigFile;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.text.ProgressBar;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code sluice submit}. */
@Command(
        name = "submit",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Put every request of a JSONL file on the queue, wait for the answers and write them.",
            "",
            "Lines in, as for the providers' batch APIs; the body reaches the API byte for byte:",
            "  {\"custom_id\":\"a\",\"body\":{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}}",
            "Lines out; error is null exactly where the API has answered:",
            "  {\"id\":…,\"custom_id\":\"a\",\"response\":{\"status_code\":200,\"body\":{…}},\"error\":null}",
            "",
            "Nothing is sent before all lines are in order. Exits with 0 where every request was answered, else with 1.",
            "",
            "After Ctrl-C, a crash, kill -9 or the timeout, the same command with --resume goes on: each line gets one "
                    + "answer, and what the earlier run has put on the queue is not put there again, but for requests "
                    + "that expired with its timeout."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  sluice submit prompts.jsonl --output answers.jsonl --errors failed.jsonl",
            "  sluice submit prompts.jsonl --output answers.jsonl --errors failed.jsonl --resume",
            "  zcat prompts.jsonl.gz | sluice submit - > answers.jsonl"
        })
public final class SubmitCommand implements Subcommand {
    private static final int LARGEST_WINDOW = 100_000;
    private static final long STOP_MILLIS = 5_000;

    private final Terminal terminal;

    @Mixin
    private SubmitFiles files = new SubmitFiles();

    @Option(
            names = "--window",
            paramLabel = "REQUESTS",
            defaultValue = "1000",
            description = "Most requests waiting for their answers at once; bounds the memory.")
    private int window;

    @Option(
            names = "--timeout",
            paramLabel = "DURATION",
            defaultValue = "24h",
            description = "How long to wait for all answers; what is still in the queue then is not called any more. "
                    + "Example: 30m")
    private Duration timeout = Duration.ZERO;

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    public SubmitCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        if (window < 1 || window > LARGEST_WINDOW) {
            problems.add(OptionError.of("--window", "1 to " + LARGEST_WINDOW, window));
        }
        if (timeout.toMillis() < 1) {
            problems.add(OptionError.of("--timeout", "more than zero", timeout));
        }
        files.check(terminal, problems);
    }

    @Override
    public int run() throws InterruptedException {
        try (ChatQueue queue = QueueConnection.open(kafka);
                BatchOutput output = files.open(terminal)) {
            Path answers = files.output();
            return answers == null
                    ? submit(queue, output, ResumePoint.newRun(), PreviousRun.NONE)
                    : resumably(queue, output, answers);
        } catch (IOException failed) {
            return fail(failed);
        }
    }

    /** The point is written before anything is sent, and removed when nothing is left to be found behind it. */
    private int resumably(ChatQueue queue, BatchOutput output, Path answers) throws IOException, InterruptedException {
        ResumePoint point = files.point();
        PreviousRun found = PreviousRun.NONE;
        try (Admin admin = AdminConnector.connect(kafka)) {
            if (point == null) {
                point = ResumePoint.now(admin, kafka.topics(), files.errors());
                point.write(answers);
            } else {
                point.require(admin, answers);
                found = earlier(point, ResumePoint.Ends.now(admin, kafka.topics()));
            }
        }
        try (PreviousRun earlier = found) {
            int code = submit(queue, output, point.run(), earlier);
            if (files.ledger().done() == files.ledger().total()) {
                files.force();
                ResumePoint.remove(answers);
            }
            return code;
        }
    }

    private PreviousRun earlier(ResumePoint point, ResumePoint.Ends ends) {
        return new KafkaPreviousRun(
                KafkaPreviousRun.consumer(kafka.properties()),
                point,
                files.input().idPrefix(point.run()),
                ends,
                KafkaPreviousRun.PATIENCE);
    }

    /** Without Kafka: for tests. */
    int submit(ChatQueue queue, PreviousRun earlier) throws InterruptedException {
        try (BatchOutput output = files.open(terminal)) {
            return submit(queue, output, ResumePoint.newRun(), earlier);
        } catch (IOException failed) {
            return fail(failed);
        }
    }

    private int submit(ChatQueue queue, BatchOutput output, String run, PreviousRun earlier)
            throws IOException, InterruptedException {
        BatchJob batch = new BatchJob(files.input(), files.ledger(), output, files.waiting(), files.ordered(), run);
        files.input().problems().forEach(problem -> terminal.err().println("sluice submit: skipped: " + problem));
        LineStates lines = files.ledger();
        ProgressBar progress =
                new ProgressBar(terminal.err(), terminal.interactive(), System::nanoTime, lines.total(), lines.done());
        BatchSubmission submission = new BatchSubmission(progress, queue, batch, earlier, window, timeout);
        try (GracefulStop onSignal = GracefulStop.of("submit", submission::stop, STOP_MILLIS, this::late)) {
            return submission.run() ? ExitCode.DONE : ExitCode.FAILED;
        }
    }

    private void late() {
        terminal.err().println("sluice submit: stopped; --resume continues");
    }

    private int fail(IOException failed) {
        DebugLog.log(failed);
        terminal.err()
                .println("sluice submit: failed: " + ConfigFile.reason(failed)
                        + (files.output() == null ? "" : "; --resume continues"));
        return ExitCode.FAILED;
    }
}
