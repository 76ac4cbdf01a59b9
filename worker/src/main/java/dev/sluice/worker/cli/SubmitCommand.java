package dev.sluice.worker.cli;

import dev.sluice.ChatQueue;
import dev.sluice.worker.cli.batch.AnsweredLines;
import dev.sluice.worker.cli.batch.BatchInput;
import dev.sluice.worker.cli.batch.BatchOutput;
import dev.sluice.worker.cli.batch.Progress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code sluice submit}: its options and its files. */
@Command(
        name = "submit",
        abbreviateSynopsis = true,
        sortOptions = false,
        description = {
            "Put every request of a JSONL file on the queue, wait for the answers and write them, in the order in which they "
                    + "come.",
            "",
            "Lines in, as for the providers' batch APIs; the body reaches the API byte for byte:",
            "  {\"custom_id\":\"a\",\"body\":{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}}",
            "Lines out; error is null exactly where the API has answered:",
            "  {\"id\":…,\"custom_id\":\"a\",\"response\":{\"status_code\":200,\"body\":{…}},\"error\":null}",
            "",
            "Nothing is sent before all lines are in order. Exits with 0 where every request was answered, else with 1. After "
                    + "Ctrl-C, a crash or the timeout, --resume sends what the output file has no answer to; what was "
                    + "waiting in the queue at that moment may so be called twice."
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  sluice submit prompts.jsonl --output answers.jsonl",
            "  sluice submit prompts.jsonl --output answers.jsonl --resume"
        })
final class SubmitCommand implements Subcommand {
    private static final int LARGEST_WINDOW = 100_000;

    private final Shell shell;

    @Parameters(paramLabel = "FILE.jsonl", description = "The requests, one per line; - is standard input.")
    private @Nullable Path file;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = {
                "Where the answers go. A file that has some already is not written over.",
                "  Default: standard output"
            })
    private @Nullable Path output;

    @Option(
            names = "--resume",
            defaultValue = "false",
            description =
                    "Go on with the --output of an earlier run: skip the lines it has an answer to, ok or failed.")
    private boolean resume;

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
            description = "How long to wait for all answers. Example: 30m")
    private Duration timeout = Duration.ZERO;

    @Mixin
    private KafkaOptions kafka = new KafkaOptions();

    private @Nullable BatchInput input;
    private AnsweredLines answered = AnsweredLines.NONE;

    SubmitCommand(Shell shell) {
        this.shell = shell;
    }

    @Override
    public void check(List<String> problems) {
        Logging.forClient();
        kafka.check(problems);
        if (window < 1 || window > LARGEST_WINDOW) {
            problems.add("window must be 1 to " + LARGEST_WINDOW + ", is '" + window + "'");
        }
        if (timeout.toMillis() < 1) {
            problems.add("timeout must be more than zero, is '" + timeout + "'");
        }
        checkOutput(problems);
        checkInput(problems);
    }

    private void checkOutput(List<String> problems) {
        if (output == null) {
            if (resume) {
                problems.add("--resume needs the --output of the earlier run");
            }
            return;
        }
        Path folder = output.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            problems.add("--output: cannot write " + output + ": there is no such folder");
            return;
        }
        if (!Files.isWritable(Files.exists(output) ? output : folder)) {
            problems.add("--output: cannot write " + output + ": permission denied");
            return;
        }
        try {
            answered = AnsweredLines.read(output);
            if (!resume && Files.exists(output) && Files.size(output) > 0) {
                problems.add("output file " + output + " exists; continue it with --resume, or remove it");
            }
        } catch (IOException unreadable) {
            problems.add("--output: cannot read " + output + ": " + ConfigFile.reason(unreadable));
        } catch (IllegalArgumentException foreign) {
            problems.add(String.valueOf(foreign.getMessage()));
        }
    }

    private void checkInput(List<String> problems) {
        if (file == null) {
            return;
        }
        boolean standardInput = file.toString().equals("-");
        String name = standardInput ? "standard input" : file.toString();
        try {
            input = BatchInput.check(standardInput ? spooled() : file, name);
        } catch (IOException unreadable) {
            problems.add("cannot read " + name + ": " + ConfigFile.reason(unreadable));
        } catch (BatchInput.BadLinesException bad) {
            problems.addAll(bad.problems());
        }
    }

    /** A stream can be read only once, a batch is read twice. */
    private Path spooled() throws IOException {
        Path spool = Files.createTempFile("sluice-submit-", ".jsonl");
        spool.toFile().deleteOnExit();
        Files.copy(shell.in(), spool, StandardCopyOption.REPLACE_EXISTING);
        return spool;
    }

    @Override
    public int run() throws InterruptedException {
        try (ChatQueue queue = QueueConnection.open(kafka)) {
            return submit(queue);
        }
    }

    int submit(ChatQueue queue) throws InterruptedException {
        if (input == null) {
            throw new IllegalStateException("not checked");
        }
        try (BatchOutput answers = openOutput()) {
            Progress progress = new Progress(
                    shell.err(),
                    shell.interactive(),
                    System::nanoTime,
                    input.lines(),
                    answered.customIds().size());
            return new Submission(shell.err(), queue, input, answers, progress, answered, window, timeout).run();
        } catch (IOException failed) {
            throw new UncheckedIOException(
                    "reading the batch or writing its answers failed: " + ConfigFile.reason(failed), failed);
        }
    }

    private BatchOutput openOutput() throws IOException {
        if (output == null) {
            return new BatchOutput(shell.out());
        }
        answered.mend(output);
        return new BatchOutput(Files.newOutputStream(output, StandardOpenOption.CREATE, StandardOpenOption.APPEND));
    }
}
