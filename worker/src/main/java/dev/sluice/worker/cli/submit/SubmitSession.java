package dev.sluice.worker.cli.submit;

import dev.sluice.ChatQueue;
import dev.sluice.JsonRequestBuilder;
import dev.sluice.worker.batch.BatchFiles;
import dev.sluice.worker.batch.BatchJob;
import dev.sluice.worker.batch.BatchListener;
import dev.sluice.worker.batch.BatchOutput;
import dev.sluice.worker.batch.BatchResult;
import dev.sluice.worker.batch.BatchSubmission;
import dev.sluice.worker.batch.PreviousRun;
import dev.sluice.worker.cli.command.ExitCode;
import dev.sluice.worker.cli.command.GracefulStop;
import dev.sluice.worker.cli.command.Terminal;
import dev.sluice.worker.cli.connection.SilenceNotice;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.text.ProgressBar;
import dev.sluice.worker.topics.AclErrors;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.function.UnaryOperator;

/** Runs one batch submission and prints its progress and result. */
final class SubmitSession implements BatchListener {
    private static final long STOP_TIMEOUT_MILLIS = 5_000;

    private final PrintStream err;
    private final BatchFiles files;
    private final boolean ordered;
    private final String remedy;
    private final UnaryOperator<JsonRequestBuilder> envelope;
    private final SilenceNotice silence;
    private final int window;
    private final Duration timeout;
    private final ProgressBar progress;
    private int lastAnswered;

    /**
     * Creates a session whose time begins now.
     *
     * @param envelope adds to each request what it carries beside its body
     */
    SubmitSession(
            Terminal terminal,
            SubmitFileOptions options,
            UnaryOperator<JsonRequestBuilder> envelope,
            SilenceNotice.QueueLookup lookup,
            int window,
            Duration timeout) {
        this.err = terminal.err();
        this.files = options.files();
        this.ordered = options.ordered();
        this.remedy = "; the same command with " + (options.output() == null ? "--output FILE and " : "")
                + "--resume continues";
        this.envelope = envelope;
        this.silence = new SilenceNotice(this::print, System::nanoTime, lookup);
        this.window = window;
        this.timeout = timeout;
        this.progress = new ProgressBar(
                err,
                terminal.interactive(),
                System::nanoTime,
                files.states().total(),
                files.states().answeredCount());
    }

    /**
     * Sends the batch and returns the exit code, which is 0 if the API has answered every line.
     *
     * @param run the part of the request ids that identifies this run
     * @throws CommandException if the requests of the previous run cannot be looked up
     */
    int run(ChatQueue queue, BatchOutput output, String run, PreviousRun previousRun)
            throws IOException, InterruptedException {
        files.input().problems().forEach(problem -> err.println("sluice submit: skipped: " + problem));
        BatchJob job = new BatchJob(files.input(), envelope, files.states(), output, files.spillFolder(), ordered, run);
        BatchSubmission submission = new BatchSubmission(queue, job, previousRun, window, timeout, this);
        try (GracefulStop closedAtTheEnd =
                GracefulStop.of("submit", submission::stop, STOP_TIMEOUT_MILLIS, this::printLateStop)) {
            BatchResult result = submission.run();
            progress.end();
            print(result);
            return result.failed() == 0 && result.missing() == 0 ? ExitCode.DONE : ExitCode.FAILED;
        } catch (PreviousRun.DeniedException e) {
            throw denied(e);
        } catch (PreviousRun.StalledException e) {
            throw stalled(e);
        }
    }

    private static CommandException denied(PreviousRun.DeniedException denied) {
        return new CommandException(
                "--resume looks for what the earlier run has left in " + String.join(" and ", denied.topics()) + ". "
                        + AclErrors.words(denied, AclErrors.Right.READ).orElseThrow()
                        + ", or remove the .resume file to call again whatever was under way");
    }

    private static CommandException stalled(PreviousRun.StalledException stalled) {
        return new CommandException("--resume could not read " + stalled.unfinished() + " to the end for "
                + Durations.format(stalled.patience())
                + ": the broker does not answer, or a transaction stays open there; try again when it has ended"
                + " (kafka-transactions.sh find-hanging), so that nothing is called twice");
    }

    @Override
    public void progressed(int answered, int failed) {
        progress.show(answered, failed + " failed");
    }

    @Override
    public void awaited(int answered) throws InterruptedException {
        if (answered > lastAnswered) {
            lastAnswered = answered;
            silence.answered();
        } else {
            silence.silent();
        }
    }

    @Override
    public void caughtUp(int found, int awaited) {
        progress.restartSpeed(files.states().answeredCount());
        if (found + awaited > 0) {
            err.println("sluice submit: of the earlier run, " + found + " more replies found and " + awaited
                    + " requests still in the queue");
        }
    }

    private void print(String line) {
        progress.end();
        err.println("sluice submit: " + line);
    }

    private void printLateStop() {
        err.println("sluice submit: stopped" + remedy);
    }

    private void print(BatchResult result) {
        String counts = result.total() + " requests: " + (result.answered() - result.failed()) + " answered, "
                + result.failed() + " failed, " + result.missing() + " without an answer"
                + (result.skipped() > 0 ? ", " + result.skipped() + " bad lines skipped" : "") + ", in "
                + Durations.format(Duration.ofSeconds(progress.elapsed().toSeconds()));
        err.println("sluice submit: " + end(result) + counts + (result.missing() > 0 ? remedy : ""));
    }

    private static String end(BatchResult result) {
        return switch (result.end()) {
            case COMPLETE -> "";
            case STOPPED -> "stopped; ";
            case TIMED_OUT -> "timed out (--timeout); ";
            case FAILED -> "stopped, since " + result.problem() + "; ";
        };
    }
}
