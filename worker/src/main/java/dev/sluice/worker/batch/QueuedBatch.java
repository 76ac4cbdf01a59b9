package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import dev.sluice.wire.Reason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One batch on its way through the queue: which lines are sent next, and what becomes of their replies. Lines are sent
 * in their order, so the number of the last one says which are on the queue. It waits for nothing. Not thread-safe.
 */
public final class QueuedBatch implements AutoCloseable {
    /** The most lines that are sent together. */
    static final int MAX_LINES = 200;

    private static final int MAX_BYTES = 1 << 20;
    private static final Optional<String> EXPIRED = Optional.of(Reason.EXPIRED.word());

    private final String id;
    private final BatchInput.Lines lines;
    private final LineStates states;
    private final BatchOutput output;
    private final int window;
    private int sent;
    private int underWay;

    /**
     * Goes on with a batch.
     *
     * @param id the id of the batch, with which the ids of its requests begin
     * @param states the lines that have an answer
     * @param output where answers are written in the form of OpenAI's API
     * @param sent the last line that is on the queue
     * @param window the most lines that are on the queue at the same time
     */
    public QueuedBatch(String id, BatchInput input, LineStates states, BatchOutput output, int sent, int window)
            throws IOException {
        this.id = id;
        this.lines = input.open();
        this.states = states;
        this.output = output;
        this.window = window;
        sentUpTo(sent);
    }

    /** Returns the last line that is on the queue. */
    public int sent() {
        return sent;
    }

    /** Returns how many lines are on the queue and have no answer. */
    public int underWay() {
        return underWay;
    }

    public LineStates states() {
        return states;
    }

    /** Returns the lines to send now, which may be none. */
    public List<BatchLine> next() throws IOException {
        List<BatchLine> next = new ArrayList<>();
        int left = states.total() - states.answeredCount() - underWay;
        int most = Math.min(left, Math.min(window, MAX_LINES));
        if (window - underWay < most) {
            return next; // few lines in each transaction would make many
        }
        int bytes = 0;
        int line = states.nextToSend(sent + 1);
        while (line >= 0 && next.size() < most && bytes < MAX_BYTES) {
            BatchLine read = lines.read(line);
            bytes += read.body().length();
            next.add(read);
            line = states.nextToSend(line + 1);
        }
        return next;
    }

    /** Takes note that the lines up to this one are on the queue. */
    public void sentUpTo(int line) {
        for (int each = states.nextToSend(0); each >= 0 && each <= line; each = states.nextToSend(each + 1)) {
            states.markSent(each);
            underWay++;
        }
        sent = Math.max(sent, line);
    }

    /**
     * Writes the answer of a line, unless it has one or there is no such line. A line that has expired has none, so
     * that the batch is not complete and expires as well.
     */
    public void replied(int line, ChatReply reply) throws IOException {
        if (reply.reason().equals(EXPIRED)) {
            underWay -= states.isUnanswered(line) ? 1 : 0;
        } else if (states.isUnanswered(line)) {
            String requestId = BatchQueue.requestId(id, line);
            BatchOutput.Answer answer = reply.ok()
                    ? ApiAnswer.ok(requestId, lines.customId(line), reply)
                    : ApiAnswer.failed(requestId, lines.read(line), reply);
            write(line, answer, AnswerTokens.of(reply.body()));
        }
    }

    /** Writes that a line cannot be put on the queue. */
    public void rejected(BatchLine line, String code, String message) throws IOException {
        String requestId = BatchQueue.requestId(id, line.number());
        write(line.number(), ApiAnswer.failed(requestId, line, code, message), AnswerTokens.NONE);
    }

    private void write(int line, BatchOutput.Answer answer, AnswerTokens tokens) throws IOException {
        output.write(answer);
        underWay -= states.nextToSend(line) == line ? 0 : 1;
        states.markAnswered(line, answer.ok(), tokens);
    }

    @Override
    public void close() throws IOException {
        try (output) {
            lines.close();
        }
    }
}
