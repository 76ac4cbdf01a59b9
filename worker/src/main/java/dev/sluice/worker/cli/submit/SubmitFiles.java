package dev.sluice.worker.cli.submit;

import dev.sluice.worker.batch.AnswerFile;
import dev.sluice.worker.batch.BatchInput;
import dev.sluice.worker.batch.BatchOutput;
import dev.sluice.worker.batch.LineStates;
import dev.sluice.worker.batch.ResumePoint;
import dev.sluice.worker.cli.command.StandardOutput;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.options.ConfigFile;
import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The files of a submission: the batch, its answers, its failures, and what an earlier run has left of them. */
public final class SubmitFiles {
    @Parameters(paramLabel = "FILE.jsonl", description = "The requests, one per line; - is standard input.")
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

    private @Nullable BatchInput input;
    private @Nullable LineStates ledger;
    private @Nullable AnswerFile answerFile;
    private @Nullable AnswerFile errorFile;
    private @Nullable ResumePoint point;

    public void check(Terminal terminal, List<String> problems) {
        if (output != null && output.toString().equals("-")) {
            output = null;
        }
        if (resume && output == null) {
            problems.add("--resume needs the --output of the earlier run");
        }
        if (output != null && errors != null && same(output, errors)) {
            problems.add("--errors and --output are the same file; leave out --errors");
        }
        checkFolder("--output", output, problems);
        checkFolder("--errors", errors, problems);
        if (file != null) {
            checkInput(terminal, file, problems);
        }
        if (problems.isEmpty() && input != null) {
            readEarlier(input, problems);
        }
    }

    private static boolean same(Path one, Path other) {
        return one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
    }

    private static void checkFolder(String option, @Nullable Path file, List<String> problems) {
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

    private void checkInput(Terminal terminal, Path from, List<String> problems) {
        boolean standardInput = from.toString().equals("-");
        String name = standardInput ? "standard input" : from.toString();
        try {
            input = BatchInput.check(standardInput ? spooled(terminal) : from, name, skipInvalid);
        } catch (IOException unreadable) {
            problems.add("cannot read " + name + ": " + ConfigFile.reason(unreadable));
        } catch (BatchInput.BadLinesException bad) {
            problems.addAll(bad.problems());
        }
    }

    /** A stream can be read only once, a batch is read twice. */
    private static Path spooled(Terminal terminal) throws IOException {
        Path spool = Files.createTempFile("sluice-submit-", ".jsonl");
        spool.toFile().deleteOnExit();
        Files.copy(terminal.in(), spool, StandardCopyOption.REPLACE_EXISTING);
        return spool;
    }

    private void readEarlier(BatchInput batch, List<String> problems) {
        LineStates found = new LineStates(batch);
        ledger = found;
        answerFile = read("--output", output, batch, found, problems);
        errorFile = read("--errors", errors, batch, found, problems);
        if (output != null) {
            readPoint(output, problems);
        }
        boolean inOrder =
                (answerFile == null || answerFile.isInOrder()) && (errorFile == null || errorFile.isInOrder());
        if (ordered && !(inOrder && found.isAnsweredInOrder())) {
            problems.add(
                    "--ordered: the earlier run has not written in the order of the batch; go on without --ordered");
        }
    }

    private @Nullable AnswerFile read(
            String option, @Nullable Path from, BatchInput batch, LineStates found, List<String> problems) {
        if (from == null) {
            return null;
        }
        AnswerFile answers = new AnswerFile(from);
        try {
            if (!resume && Files.exists(from) && Files.size(from) > 0) {
                problems.add(option + ": " + from + " exists; continue it with --resume, or remove it");
                return null;
            }
            answers.read(batch, found);
        } catch (IOException unreadable) {
            problems.add(option + ": cannot read " + from + ": " + ConfigFile.reason(unreadable));
        } catch (IllegalArgumentException foreign) {
            problems.add(String.valueOf(foreign.getMessage()));
        }
        return answers;
    }

    private void readPoint(Path from, List<String> problems) {
        try {
            point = ResumePoint.read(from);
        } catch (IOException unreadable) {
            problems.add(ConfigFile.reason(unreadable));
        }
        if (point == null) {
            return;
        }
        if (!resume) {
            problems.add(ResumePoint.fileOf(from)
                    + " is of an earlier run that was cut; continue it with --resume, or remove the file");
        } else if (point.errors() != null && errors == null) {
            problems.add("the earlier run has written failed requests to " + point.errors() + "; add --errors "
                    + point.errors());
        }
    }

    /** Valid after a {@link #check} that found no problem, like the rest. */
    public BatchInput input() {
        return checked(input);
    }

    public LineStates ledger() {
        return checked(ledger);
    }

    public boolean ordered() {
        return ordered;
    }

    @Nullable
    public Path output() {
        return output;
    }

    @Nullable
    public Path errors() {
        return errors;
    }

    /** Where answers wait for their turn: beside the output, for which there must be room; the system's folder may be RAM. */
    public Path waiting() {
        Path folder = output == null ? null : output.toAbsolutePath().getParent();
        return folder == null ? Path.of(System.getProperty("java.io.tmpdir")) : folder;
    }

    /** Where an earlier run began that has not ended. */
    @Nullable
    public ResumePoint point() {
        return point;
    }

    /** Opens what is written to; the files are locked until it is closed. */
    public BatchOutput open(Terminal terminal) throws IOException {
        try {
            OutputStream answers = answerFile == null ? new StandardOutput(terminal.out()) : answerFile.open();
            return new BatchOutput(answers, errorFile == null ? answers : errorFile.open());
        } catch (AnswerFile.InUseException inUse) {
            throw new CommandException(String.valueOf(inUse.getMessage()));
        }
    }

    /** Returns when all that was written is on the disk. */
    public void force() throws IOException {
        for (AnswerFile each : new AnswerFile[] {answerFile, errorFile}) {
            if (each != null) {
                each.force();
            }
        }
    }

    private static <T> T checked(@Nullable T value) {
        if (value == null) {
            throw new IllegalStateException("not checked");
        }
        return value;
    }
}
