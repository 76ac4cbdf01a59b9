package dev.sluice.worker.cli;

import dev.sluice.ChatQueue;
import dev.sluice.ChatReply;
import dev.sluice.ReplyTimeoutException;
import dev.sluice.worker.cli.batch.AnsweredLines;
import dev.sluice.worker.cli.batch.BatchInput;
import dev.sluice.worker.cli.batch.BatchLine;
import dev.sluice.worker.cli.batch.BatchOutput;
import dev.sluice.worker.cli.batch.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends a batch through the queue: as many requests under way as the window allows, every answer written as it comes. One
 * thread does it all; the SDK's threads only hand over what has arrived.
 */
final class Submission {
    private static final long TICK_MILLIS = 100;
    private static final long LAST_WORDS_MILLIS = 5_000;

    private final PrintStream err;
    private final ChatQueue queue;
    private final BatchInput input;
    private final BatchOutput output;
    private final Progress progress;
    private final AnsweredLines before;
    private final int window;
    private final long deadline;

    /** Holds at most a window's worth. */
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();

    private long underWay;
    private long done;
    private long failed;
    /** Why it ends before its time, in words; null while it goes on. */
    private volatile @Nullable String stopped;

    /** What came of one request: a reply or an exception. */
    private record Arrival(
            BatchLine line,
            @Nullable ChatReply reply,
            @Nullable Throwable failure) {}

    Submission(
            PrintStream err,
            ChatQueue queue,
            BatchInput input,
            BatchOutput output,
            Progress progress,
            AnsweredLines before,
            int window,
            Duration timeout) {
        this.err = err;
        this.queue = queue;
        this.input = input;
        this.output = output;
        this.progress = progress;
        this.before = before;
        this.window = window;
        this.deadline = System.nanoTime() + timeout.toNanos();
    }

    /** Returns the exit code: 0 where every line has been answered by the API */
    int run() throws IOException, InterruptedException {
        CountDownLatch ended = new CountDownLatch(1);
        Thread onSignal = new Thread(() -> stopAndWait(ended), "submit-on-shutdown");
        Runtime.getRuntime().addShutdownHook(onSignal);
        try (BatchInput.Lines lines = input.open()) {
            work(lines);
            progress.end();
            return summary();
        } finally {
            ended.countDown();
            withdraw(onSignal);
        }
    }

    /** The shutdown hook: the process lives on until the last answer is written and the closing words are said. */
    private void stopAndWait(CountDownLatch ended) {
        stopped = "stopped";
        try {
            if (!ended.await(LAST_WORDS_MILLIS, TimeUnit.MILLISECONDS)) {
                err.println("sluice submit: stopped; --resume continues");
            }
        } catch (InterruptedException inAHurry) {
            Thread.currentThread().interrupt();
        }
    }

    private static void withdraw(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException stopping) {
            Defects.log(stopping);
        }
    }

    private void work(BatchInput.Lines lines) throws IOException, InterruptedException {
        done = before.customIds().size();
        failed = before.failed();
        BatchLine next = nextUnanswered(lines);
        while (stopped == null && (next != null || underWay > 0)) {
            while (next != null
                    && underWay < window
                    && stopped == null
                    && remaining().toMillis() > 0) {
                ask(next);
                next = nextUnanswered(lines);
            }
            take(arrivals.poll(TICK_MILLIS, TimeUnit.MILLISECONDS));
            if (remaining().toMillis() <= 0 && stopped == null) {
                stopped = "timed out (--timeout)";
            }
            progress.show(done, failed);
        }
        for (Arrival last = arrivals.poll(); last != null; last = arrivals.poll()) {
            take(last);
        }
    }

    private @Nullable BatchLine nextUnanswered(BatchInput.Lines lines) throws IOException {
        BatchLine line = lines.next();
        while (line != null && before.customIds().contains(line.customId())) {
            line = lines.next();
        }
        return line;
    }

    private Duration remaining() {
        return Duration.ofNanos(deadline - System.nanoTime());
    }

    private void ask(BatchLine line) {
        underWay++;
        // the id is all a late answer needs, so what waits in memory is the small line, not its request
        var unused = queue.ask(line.request(input.id(line)), remaining())
                .whenComplete((reply, failure) -> arrivals.add(new Arrival(line, reply, failure)));
    }

    private void take(@Nullable Arrival arrival) throws IOException {
        if (arrival == null) {
            return;
        }
        underWay--;
        if (arrival.reply() != null) {
            output.write(arrival.line().customId(), arrival.reply());
            done++;
            failed += arrival.reply().ok() ? 0 : 1;
        } else if (!(cause(arrival.failure()) instanceof ReplyTimeoutException) && stopped == null) {
            stopped = "stopped, since a request could not be sent: "
                    + cause(arrival.failure()).getMessage();
        }
    }

    private static Throwable cause(@Nullable Throwable failure) {
        if (failure == null) {
            return new IllegalStateException("neither a reply nor a failure");
        }
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private int summary() {
        long missing = input.lines() - done;
        String counts = input.lines() + " requests: " + (done - failed) + " answered, " + failed + " failed, " + missing
                + " without an answer, in "
                + Durations.format(Duration.ofSeconds(progress.elapsed().toSeconds()));
        err.println("sluice submit: " + (stopped == null ? "" : stopped + "; ") + counts
                + (missing > 0 ? "; the same command with --output and --resume continues" : ""));
        return failed == 0 && missing == 0 ? 0 : Cli.FAILED;
    }
}
