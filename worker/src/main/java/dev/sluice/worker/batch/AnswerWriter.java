package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Writes one answer per line, either as the answers come or in the order of the batch. An ordered batch buffers the
 * answers that are ahead of their turn, without a limit, because they are paid for. Not thread-safe.
 */
final class AnswerWriter implements AutoCloseable {
    private static final long BUFFER_MEMORY_BYTES = 16 << 20;

    private final BatchOutput output;
    private final LineStates states;
    private final boolean ordered;
    private final int window;
    private final Path folder;
    private final AnswerBuffer buffer;
    private int firstUnanswered;

    /**
     * Continues after the answers that are marked in {@code states}.
     *
     * @param window how far ahead of the first unanswered line an ordered batch is sent
     * @param folder the folder for buffered answers that do not fit into memory
     */
    AnswerWriter(BatchOutput output, LineStates states, boolean ordered, int window, Path folder) {
        this.output = output;
        this.states = states;
        this.ordered = ordered;
        this.window = window;
        this.folder = folder;
        this.buffer = new AnswerBuffer(folder, BUFFER_MEMORY_BYTES);
        this.firstUnanswered = states.firstUnanswered();
    }

    /** Tells whether this line may be sent now. If not, it has to wait until fewer answers are buffered. */
    boolean hasRoomFor(int line) {
        return !ordered || line < firstUnanswered + (long) window;
    }

    /** Tells whether this line holds a request whose answer is neither written nor buffered yet. */
    boolean isMissing(int line) {
        return states.isUnanswered(line) && !buffer.contains(line);
    }

    /**
     * Writes or buffers an answer, unless its line has one already.
     *
     * @throws BatchOutput.BrokenException if it cannot be written; nothing can be written after it
     */
    void write(int line, String customId, ChatReply reply) throws BatchOutput.BrokenException {
        if (!isMissing(line)) {
            return;
        }
        BatchOutput.Answer answer = BatchOutput.answer(customId, reply);
        if (!ordered || line == firstUnanswered) {
            writeNow(line, answer);
        } else {
            states.markSent(line);
            buffer(line, answer);
        }
        for (answer = next(); answer != null; answer = next()) {
            writeNow(firstUnanswered, answer);
        }
    }

    private void buffer(int line, BatchOutput.Answer answer) throws BatchOutput.BrokenException {
        try {
            buffer.put(line, answer);
        } catch (IOException e) {
            throw notBuffered(e);
        }
    }

    private BatchOutput.@Nullable Answer next() throws BatchOutput.BrokenException {
        try {
            return buffer.take(firstUnanswered);
        } catch (IOException e) {
            throw notBuffered(e);
        }
    }

    private BatchOutput.BrokenException notBuffered(IOException cause) {
        return new BatchOutput.BrokenException(
                "an answer that waits for its turn could not be kept in a temporary file in " + folder + ": "
                        + cause.getMessage(),
                cause);
    }

    private void writeNow(int line, BatchOutput.Answer answer) throws BatchOutput.BrokenException {
        output.write(answer);
        states.markAnswered(line, answer.ok());
        firstUnanswered = ordered ? states.firstUnanswered(firstUnanswered) : firstUnanswered;
    }

    @Override
    public void close() throws IOException {
        buffer.close();
    }
}
