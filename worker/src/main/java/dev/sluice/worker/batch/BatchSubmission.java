package dev.sluice.worker.batch;

import dev.sluice.ChatQueue;
import dev.sluice.ChatReply;
import dev.sluice.ReplyTimeoutException;
import dev.sluice.worker.text.Durations;
import dev.sluice.worker.text.ProgressBar;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends a batch through the queue: as many requests under way as the window allows, every answer written as it comes. One
 * thread does it all; the SDK's threads only hand over what has arrived.
 */
public final class BatchSubmission {
    private static final long TICK_MILLIS = 100;

    private final ChatQueue queue;
    private final BatchJob batch;
    private final LineStates ledger;
    private final AnswerWriter answers;
    private final ResumedRequests leftBehind;
    private final ProgressBar progress;
    private final int window;
    private final long deadline;

    /** Holds at most a window's worth. */
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();

    private long underWay;
    /** Where the next line to send is looked for. */
    private int cursor;
    /** Why it ends before its time, in words; null while it goes on. */
    private volatile @Nullable String stopped;

    /** What came of one request: a reply or an exception. */
    private record Arrival(
            int line,
            String customId,
            @Nullable ChatReply reply,
            @Nullable Throwable failure) {}

    /** @param progress shows how many lines have an answer, and takes the messages for people */
    public BatchSubmission(
            ProgressBar progress, ChatQueue queue, BatchJob batch, PreviousRun earlier, int window, Duration timeout) {
        this.queue = queue;
        this.batch = batch;
        this.ledger = batch.ledger();
        this.answers = new AnswerWriter(batch.output(), ledger, batch.ordered(), window, batch.waiting());
        this.progress = progress;
        this.leftBehind = new ResumedRequests(earlier, ledger, answers);
        this.window = window;
        this.deadline = System.nanoTime() + timeout.toNanos();
    }

    /** Returns whether the API has answered every line. */
    public boolean run() throws IOException, InterruptedException {
        try (AnswerWriter closedAtTheEnd = answers;
                BatchInput.Lines lines = batch.input().open()) {
            try {
                leftBehind.catchUp(lines, this::goesOn);
                progress.begin(ledger.done());
                if (stopped == null) {
                    leftBehind.summary().ifPresent(progress::println);
                }
                work(lines);
            } catch (BatchOutput.BrokenException broken) {
                stopped = "stopped, since " + broken.getMessage();
            }
            progress.end();
            return summary();
        }
    }

    /** Asks {@link #run} to return soon. Any thread may call this. */
    public void stop() {
        stopped = "stopped";
    }

    private void work(BatchInput.Lines lines) throws IOException, InterruptedException {
        while (stopped == null && ledger.done() < ledger.total()) {
            for (int line = nextToSend(); line >= 0; line = nextToSend()) {
                ask(lines.read(line));
                cursor = line + 1;
            }
            take(arrivals.poll(TICK_MILLIS, TimeUnit.MILLISECONDS));
            cursor = Math.min(cursor, leftBehind.poll());
            lookAtTheTime();
            showProgress();
        }
        for (Arrival last = arrivals.poll(); last != null; last = arrivals.poll()) {
            take(last);
        }
    }

    /** The next line that may be sent now; −1 where there is none. */
    private int nextToSend() {
        int line = ledger.nextToSend(cursor);
        boolean now = line >= 0
                && underWay < window
                && answers.hasRoomFor(line)
                && stopped == null
                && remaining().toMillis() > 0;
        return now ? line : -1;
    }

    /** While the earlier run's traces are read. */
    private boolean goesOn() {
        lookAtTheTime();
        showProgress();
        return stopped == null;
    }

    private void lookAtTheTime() {
        if (remaining().toMillis() <= 0 && stopped == null) {
            stopped = "timed out (--timeout)";
        }
    }

    private void showProgress() {
        progress.show(ledger.done(), ledger.failed() + " failed");
    }

    private Duration remaining() {
        return Duration.ofNanos(deadline - System.nanoTime());
    }

    private void ask(BatchLine line) {
        underWay++;
        ledger.sent(line.number());
        int number = line.number();
        String customId = line.customId();
        String id = batch.input().idPrefix(batch.run()) + number;
        // what waits in memory is these two, not the request
        var unused = queue.ask(line.request(id), remaining())
                .whenComplete((reply, failure) -> arrivals.add(new Arrival(number, customId, reply, failure)));
    }

    private void take(@Nullable Arrival arrival) throws IOException {
        if (arrival == null) {
            return;
        }
        underWay--;
        if (arrival.reply() != null) {
            answers.write(arrival.line(), arrival.customId(), arrival.reply());
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

    private boolean summary() {
        int missing = ledger.total() - ledger.done();
        long skipped = batch.input().skipped();
        String counts = ledger.total() + " requests: " + (ledger.done() - ledger.failed()) + " answered, "
                + ledger.failed() + " failed, " + missing + " without an answer"
                + (skipped > 0 ? ", " + skipped + " bad lines skipped" : "") + ", in "
                + Durations.format(Duration.ofSeconds(progress.elapsed().toSeconds()));
        progress.println("sluice submit: " + (stopped == null ? "" : stopped + "; ") + counts
                + (missing > 0 ? "; the same command with --output and --resume continues" : ""));
        return ledger.failed() == 0 && missing == 0;
    }
}
