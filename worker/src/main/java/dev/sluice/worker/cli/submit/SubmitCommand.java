package dev.sluice.worker.cli.submit;

import dev.sluice.ChatQueue;
import dev.sluice.worker.batch.BatchOutput;
import dev.sluice.worker.batch.KafkaPreviousRun;
import dev.sluice.worker.batch.PreviousRun;
import dev.sluice.worker.batch.ResumePoint;
import dev.sluice.worker.cli.command.DebugLog;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.Logging;
import dev.sluice.worker.cli.command.Subcommand;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.AdminConnector;
import dev.sluice.worker.cli.connection.EnvelopeOptions;
import dev.sluice.worker.cli.connection.KafkaOptions;
import dev.sluice.worker.cli.connection.QueueConnection;
import dev.sluice.worker.cli.connection.WorkerLookup;
import dev.sluice.worker.cli.options.ConfigFile;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.admin.Admin;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The command {@code sluice submit}. */
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
            "Nothing is sent before all lines are in order. Exits with 0 if every request was answered, else with 1.",
            "",
            "After Ctrl-C, a crash, kill -9 or the timeout, the same command with --resume goes on: each line gets one "
                    + "answer, and what the earlier run has put on the queue is not put there again, except requests "
                    + "that expired with its timeout. Once it has ended, --retry-failed runs the lines that failed "
                    + "once more."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  sluice submit prompts.jsonl --output answers.jsonl --errors failed.jsonl",
            "  sluice submit prompts.jsonl --output answers.jsonl --errors failed.jsonl --resume",
            "  sluice submit prompts.jsonl --output answers.jsonl --errors failed.jsonl --retry-failed",
            "  zcat prompts.jsonl.gz | sluice submit - > answers.jsonl"
        })
public final class SubmitCommand implements Subcommand {
    private static final int MAX_WINDOW = 100_000;

    private final Terminal terminal;

    @Mixin
    private SubmitFileOptions files = new SubmitFileOptions();

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
    private EnvelopeOptions envelope = new EnvelopeOptions();

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    @Mixin
    private WorkerLookup workers = new WorkerLookup();

    public SubmitCommand(Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        workers.check(problems);
        if (window < 1 || window > MAX_WINDOW) {
            problems.add(OptionError.of("--window", "1 to " + MAX_WINDOW, window));
        }
        if (timeout.toMillis() < 1) {
            problems.add(OptionError.of("--timeout", "more than zero", timeout));
        }
        envelope.check(timeout, problems);
        files.check(terminal, problems);
    }

    @Override
    public int run() throws InterruptedException {
        try (ChatQueue queue = QueueConnection.open(kafka, envelope.priority(), files.largestBody());
                BatchOutput output = files.open(terminal)) {
            Path answers = files.output();
            return answers == null
                    ? submit(queue, output, ResumePoint.newRun(), PreviousRun.NONE)
                    : submitResumably(queue, output, answers);
        } catch (IOException e) {
            return fail(e);
        }
    }

    /** Submits the batch without a connection to Kafka, for tests. */
    int submit(ChatQueue queue, PreviousRun previousRun) throws InterruptedException {
        try (BatchOutput output = files.open(terminal)) {
            return submit(queue, output, ResumePoint.newRun(), previousRun);
        } catch (IOException e) {
            return fail(e);
        }
    }

    private int submit(ChatQueue queue, BatchOutput output, String run, PreviousRun previousRun)
            throws IOException, InterruptedException {
        return new SubmitSession(terminal, files, envelope::addTo, () -> workers.find(kafka), window, timeout)
                .run(queue, output, run, previousRun);
    }

    /** Writes the resume point before anything is sent, and removes it when every answer is safely on the disk. */
    private int submitResumably(ChatQueue queue, BatchOutput output, Path answers)
            throws IOException, InterruptedException {
        ResumePoint point = files.resumePoint();
        PreviousRun found = PreviousRun.NONE;
        try (Admin admin = AdminConnector.connect(kafka)) {
            String published = envelope.priority().topic(kafka.topics());
            if (point == null) {
                point = ResumePoint.now(admin, published, kafka.topics().replies(), files.errors());
                point.write(answers);
            } else {
                requireSameTopics(point, admin, answers);
                found = previousRun(point, point.endsNow(admin));
                if (!point.publishesTo(published)) {
                    point = point.publishingTo(published, admin);
                    point.write(answers);
                }
            }
        }
        try (PreviousRun previousRun = found) {
            int exitCode = submit(queue, output, point.run(), previousRun);
            if (files.files().states().isComplete()) {
                files.files().force();
                ResumePoint.remove(answers);
            }
            return exitCode;
        }
    }

    private PreviousRun previousRun(ResumePoint point, List<ResumePoint.TopicEnd> ends) {
        return new KafkaPreviousRun(
                KafkaPreviousRun.consumer(kafka.properties()),
                point,
                files.files().input().idPrefix(point.run()),
                ends,
                KafkaPreviousRun.PATIENCE);
    }

    private static void requireSameTopics(ResumePoint point, Admin admin, Path output) throws InterruptedException {
        point.foreignTopic(admin).ifPresent(topic -> {
            throw new CommandException("the earlier run's topic " + topic + " is on another broker, or was made anew;"
                    + " name that run's broker, or remove " + ResumePoint.fileOf(output)
                    + " to call whatever has no answer yet once more");
        });
    }

    private int fail(IOException failure) {
        DebugLog.log(failure);
        terminal.err()
                .println("sluice submit: failed: " + ConfigFile.reason(failure)
                        + (files.output() == null ? "" : "; --resume continues"));
        return ExitCode.FAILED;
    }
}
