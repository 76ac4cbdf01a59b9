package dev.sluice.worker.batch;

import dev.sluice.ChatQueue;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.ReplyTimeoutException;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Sends a batch through the queue and writes every answer as it comes. It keeps as many requests under way as the
 * window allows. One thread does all the work. The threads of the SDK only hand over what has arrived. Not thread-safe,
 * except for {@link #stop}.
 */
public final class BatchSubmission {
    private static final long TICK_MILLIS = 100;

    private final ChatQueue queue;
    private final BatchJob job;
    private final LineStates states;
    private final AnswerWriter answers;
    private final ResumedRequests resumed;
    private final BatchListener listener;
    private final int window;
    private final long deadlineNanos;

    /** The replies and failures that the SDK has handed over. Its size is bounded by the window. */
    private final BlockingQueue<Arrival> arrivals = new LinkedBlockingQueue<>();

    private long underWay;
    /** The line at which the search for the next line to send begins. */
    private int cursor;
    /** The reason for an early end, or null while the submission goes on. */
    private volatile @Nullable Stop stop;

    private record Stop(BatchResult.End end, String problem) {}

    /** The reply to one request, or the exception that took its place. */
    private record Arrival(
            int line,
            String customId,
            @Nullable ChatReply reply,
            @Nullable Throwable failure) {}

    /**
     * Prepares a submission. Its timeout begins now.
     *
     * @param window the most requests that are under way at the same time
     */
    public BatchSubmission(
            ChatQueue queue,
            BatchJob job,
            PreviousRun previousRun,
            int window,
            Duration timeout,
            BatchListener listener) {
        this.queue = queue;
        this.job = job;
        this.states = job.states();
        this.answers = new AnswerWriter(job.output(), states, job.ordered(), window, job.spillFolder());
        this.resumed = new ResumedRequests(previousRun, states, answers);
        this.listener = listener;
        this.window = window;
        this.deadlineNanos = System.nanoTime() + timeout.toNanos();
    }

    /** Lets the submission end soon. This method may be called by any thread. */
    public void stop() {
        stop = new Stop(BatchResult.End.STOPPED, "");
    }

    /** Sends the batch and returns when every line has its answer, or when the submission has to end early. */
    public BatchResult run() throws IOException, InterruptedException {
        try (AnswerWriter closedAtTheEnd = answers;
                BatchInput.Lines lines = job.input().open()) {
            try {
                resumed.catchUp(lines, this::shouldContinue);
                if (stop == null) {
                    listener.caughtUp(resumed.found(), resumed.awaited());
                }
                sendAndCollect(lines);
            } catch (BatchOutput.BrokenException e) {
                stop = new Stop(BatchResult.End.FAILED, String.valueOf(e.getMessage()));
            }
            return result();
        }
    }

    private void sendAndCollect(BatchInput.Lines lines) throws IOException, InterruptedException {
        while (stop == null && !states.isComplete()) {
            for (int line = nextToSend(); line >= 0; line = nextToSend()) {
                send(lines.read(line));
                cursor = line + 1;
            }
            take(arrivals.poll(TICK_MILLIS, TimeUnit.MILLISECONDS));
            cursor = Math.min(cursor, resumed.poll());
            if (shouldContinue()) {
                listener.awaited(states.answeredCount());
            }
        }
        for (Arrival last = arrivals.poll(); last != null; last = arrivals.poll()) {
            take(last);
        }
    }

    /** Returns the next line that may be sent now, or −1 if there is none. */
    private int nextToSend() {
        int line = states.nextToSend(cursor);
        boolean now = line >= 0
                && underWay < window
                && answers.hasRoomFor(line)
                && stop == null
                && remaining().toMillis() > 0;
        return now ? line : -1;
    }

    /** Checks the timeout and reports the progress. */
    private boolean shouldContinue() {
        if (remaining().toMillis() <= 0 && stop == null) {
            stop = new Stop(BatchResult.End.TIMED_OUT, "");
        }
        listener.progressed(states.answeredCount(), states.failedCount());
        return stop == null;
    }

    private Duration remaining() {
        return Duration.ofNanos(deadlineNanos - System.nanoTime());
    }

    private void send(BatchLine line) {
        underWay++;
        states.markSent(line.number());
        // the callback captures these two only, so that the request itself can leave the memory
        int number = line.number();
        String customId = line.customId();
        String id = job.input().idPrefix(job.run()) + number;
        ChatRequest request = job.envelope().apply(line.request(id)).build();
        var unused = queue.ask(request, remaining())
                .whenComplete((reply, failure) -> arrivals.add(new Arrival(number, customId, reply, failure)));
    }

    private void take(@Nullable Arrival arrival) throws IOException {
        if (arrival == null) {
            return;
        }
        underWay--;
        if (arrival.reply() != null) {
            answers.write(arrival.line(), arrival.customId(), arrival.reply());
        } else if (!(cause(arrival.failure()) instanceof ReplyTimeoutException) && stop == null) {
            String problem =
                    "a request could not be sent: " + cause(arrival.failure()).getMessage();
            stop = new Stop(BatchResult.End.FAILED, problem);
        }
    }

    private static Throwable cause(@Nullable Throwable failure) {
        if (failure == null) {
            return new IllegalStateException("neither a reply nor a failure");
        }
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }

    private BatchResult result() {
        Stop early = stop;
        return new BatchResult(
                early == null ? BatchResult.End.COMPLETE : early.end(),
                early == null ? "" : early.problem(),
                states.total(),
                states.answeredCount(),
                states.failedCount(),
                job.input().skippedCount());
    }
}
