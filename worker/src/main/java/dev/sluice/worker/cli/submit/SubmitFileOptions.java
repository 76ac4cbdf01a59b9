package dev.sluice.worker.cli.submit;

import dev.sluice.worker.batch.AnswerFile;
import dev.sluice.worker.batch.BatchFiles;
import dev.sluice.worker.batch.BatchInput;
import dev.sluice.worker.batch.BatchOutput;
import dev.sluice.worker.batch.LineStates;
import dev.sluice.worker.batch.ResumePoint;
import dev.sluice.worker.cli.command.StandardOutput;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.options.ConfigFile;
import dev.sluice.worker.cli.options.Converters.ByteSize;
import dev.sluice.worker.cli.options.OptionError;
import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The options of {@code sluice submit} that name files. Their check also reads the files of a previous run. */
final class SubmitFileOptions {
    private static final Set<String> STANDARD_OUTPUT = Set.of("-", "/dev/stdout", "/dev/fd/1");
    private static final long MAX_REQUEST_BYTES = 1 << 30;

    @Parameters(
            paramLabel = "FILE.jsonl",
            description = "The requests, one per line; - is standard input. A pipe will do, such as <(zcat FILE.gz).")
    private @Nullable Path file;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            description = {
                "Where the answers go; - is standard output. A file that has some already is not written over. Until "
                        + "every line has its answer, FILE.resume lies beside it.",
                "  Default: standard output"
            })
    private @Nullable Path output;

    @Option(
            names = "--errors",
            paramLabel = "FILE",
            description = {"Where failed requests go, in the same form.", "  Default: where the answers go"})
    private @Nullable Path errors;

    @Option(
            names = "--resume",
            defaultValue = "false",
            description = "Go on with the --output and --errors of an earlier run: skip the lines that have an answer "
                    + "there, ok or failed, and wait for what that run has left in the queue.")
    private boolean resume;

    @Option(
            names = "--retry-failed",
            defaultValue = "false",
            description =
                    "Run the failed lines of an earlier --output and --errors again. Their failures are removed from "
                            + "there, and what was answered stays.")
    private boolean retryFailed;

    @Option(
            names = "--ordered",
            defaultValue = "false",
            description =
                    "Write the answers in the order of the batch. An answer that is ahead waits, beyond 16 MiB in a "
                            + "temporary file beside the output, and nothing is sent further ahead than the window.")
    private boolean ordered;

    @Option(
            names = "--skip-invalid",
            defaultValue = "false",
            description = "Name the lines that are no request, and go on without them.")
    private boolean skipInvalid;

    @Option(
            names = "--max-request-bytes",
            paramLabel = "SIZE",
            defaultValue = "1MiB",
            description =
                    "Largest body of a request. The topic has to take it, and so have the workers, whose option of "
                            + "this name it is as well.")
    private ByteSize maxRequestBytes = new ByteSize(0);

    private @Nullable BatchFiles files;
    private @Nullable ResumePoint resumePoint;

    /** Checks the options and reads the files that they name. */
    void check(Terminal terminal, List<String> problems) {
        if (output != null && STANDARD_OUTPUT.contains(output.toString())) {
            output = null;
        }
        if (resume && retryFailed) {
            problems.add("--resume and --retry-failed: let the earlier run end with --resume first");
        }
        if ((resume || retryFailed) && output() == null) {
            problems.add((resume ? "--resume" : "--retry-failed") + " needs the --output of the earlier run"
                    + (output == null ? "" : ", and " + output + " is no file that can be read again"));
        }
        if (maxRequestBytes.bytes() < 1 || maxRequestBytes.bytes() > MAX_REQUEST_BYTES) {
            problems.add(OptionError.of("--max-request-bytes", "1 to 1GiB", maxRequestBytes));
            return;
        }
        if (output != null && errors != null && isSame(output, errors)) {
            problems.add("--errors and --output are the same file; leave out --errors");
        }
        checkWritable("--output", output, problems);
        checkWritable("--errors", errors, problems);
        BatchInput input = file == null ? null : readInput(terminal, file, problems);
        if (problems.isEmpty() && input != null) {
            readPreviousRun(input, problems);
        }
    }

    private static boolean isSame(Path one, Path other) {
        return one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
    }

    private static void checkWritable(String option, @Nullable Path file, List<String> problems) {
        if (file == null) {
            return;
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            problems.add(option + ": cannot write " + file + ": there is no such folder");
        } else if (Files.isDirectory(file)) {
            problems.add(option + ": cannot write " + file + ": it is a folder");
        } else if (!Files.isWritable(Files.exists(file) ? file : folder)) {
            problems.add(option + ": cannot write " + file + ": permission denied");
        }
    }

    private @Nullable BatchInput readInput(Terminal terminal, Path source, List<String> problems) {
        boolean standardInput = source.toString().equals("-");
        String name = standardInput ? "standard input" : source.toString();
        try {
            // a batch is read twice, and a pipe only once
            Path readAgain = standardInput
                    ? StreamCopy.of(terminal.in())
                    : AnswerFile.isStream(source) && !Files.isDirectory(source) ? StreamCopy.of(source) : source;
            return BatchInput.check(readAgain, name, skipInvalid, (int) maxRequestBytes.bytes());
        } catch (StreamCopy.UnwritableException e) {
            problems.add("cannot copy " + name + ", which is read twice: " + e.getMessage());
        } catch (IOException e) {
            problems.add("cannot read " + name + ": " + ConfigFile.reason(e));
        } catch (BatchInput.BadLinesException e) {
            problems.addAll(e.problems());
        }
        return null;
    }

    private void readPreviousRun(BatchInput input, List<String> problems) {
        LineStates states = new LineStates(input);
        AnswerFile answers = readAnswers("--output", output, input, states, problems);
        AnswerFile failures = readAnswers("--errors", errors, input, states, problems);
        BatchFiles read = new BatchFiles(input, states, answers, failures);
        if (output() != null) {
            readResumePoint(output(), problems);
        }
        if (ordered && !read.isAnsweredInOrder()) {
            problems.add(
                    "--ordered: the earlier run has not written in the order of the batch; go on without --ordered");
        }
        files = read;
    }

    private @Nullable AnswerFile readAnswers(
            String option, @Nullable Path path, BatchInput input, LineStates states, List<String> problems) {
        if (path == null) {
            return null;
        }
        AnswerFile answers = retryFailed ? AnswerFile.replacingFailed(path) : new AnswerFile(path);
        try {
            if (!resume && !retryFailed && Files.isRegularFile(path) && Files.size(path) > 0) {
                problems.add(option + ": " + path + " exists; continue it with --resume, or remove it");
                return null;
            }
            answers.read(input, states);
        } catch (IOException e) {
            problems.add(option + ": cannot read " + path + ": " + ConfigFile.reason(e));
        } catch (IllegalArgumentException e) {
            problems.add(String.valueOf(e.getMessage()));
        }
        return answers;
    }

    private void readResumePoint(Path path, List<String> problems) {
        try {
            resumePoint = ResumePoint.read(path);
        } catch (IOException e) {
            problems.add(ConfigFile.reason(e));
        }
        if (resumePoint == null) {
            return;
        }
        if (!resume) {
            problems.add(ResumePoint.fileOf(path)
                    + " is of an earlier run that was cut; continue it with --resume, or remove the file");
        } else if (resumePoint.errors() != null && errors == null) {
            problems.add("the earlier run has written failed requests to " + resumePoint.errors() + "; add --errors "
                    + resumePoint.errors());
        }
    }

    /** Returns the files. Valid after a {@link #check} that found no problem. */
    BatchFiles files() {
        if (files == null) {
            throw new IllegalStateException("not checked");
        }
        return files;
    }

    /** Opens the files for writing and locks them until the output is closed. */
    BatchOutput open(Terminal terminal) throws IOException {
        try {
            return files().open(new StandardOutput(terminal.out()));
        } catch (AnswerFile.InUseException e) {
            throw new CommandException(
                    "another 'sluice submit' is writing " + e.file() + "; let it end, then --resume");
        }
    }

    boolean ordered() {
        return ordered;
    }

    /** Returns the size of the largest body in bytes. */
    int largestBody() {
        return files().input().largestBody();
    }

    /** Returns the file for answers, or null if they go to a stream, which no later run can continue. */
    @Nullable
    Path output() {
        return output == null || AnswerFile.isStream(output) ? null : output;
    }

    @Nullable
    Path errors() {
        return errors;
    }

    /** Returns the point at which an unfinished earlier run began, or null if there was none. */
    @Nullable
    ResumePoint resumePoint() {
        return resumePoint;
    }
}
