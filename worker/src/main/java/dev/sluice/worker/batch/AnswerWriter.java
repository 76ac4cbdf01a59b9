package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Brings the answers into their files, each line's once: as they come, or in the order of the batch. For that it holds
 * what is ahead, whatever comes: it is paid for. Not thread-safe.
 */
public final class AnswerWriter implements AutoCloseable {
    private static final long HELD_IN_MEMORY_BYTES = 16 << 20;

    private final BatchOutput output;
    private final LineStates ledger;
    private final boolean ordered;
    private final int window;
    private final Path folder;
    private final AnswerBuffer held;
    private int firstOpen;

    /**
     * Continues what the ledger tells of.
     *
     * @param window how far ahead of the first line without an answer an ordered batch is sent
     * @param folder where answers wait that are too many for the memory
     */
    public AnswerWriter(BatchOutput output, LineStates ledger, boolean ordered, int window, Path folder) {
        this.output = output;
        this.ledger = ledger;
        this.ordered = ordered;
        this.window = window;
        this.folder = folder;
        this.held = new AnswerBuffer(folder, HELD_IN_MEMORY_BYTES);
        this.firstOpen = ledger.firstOpen();
    }

    /** Whether this line may be sent now, rather than wait until fewer answers are held. */
    public boolean hasRoomFor(int line) {
        return !ordered || line < firstOpen + (long) window;
    }

    /** Whether there is a request on this line, and no answer to it yet, neither written nor held. */
    public boolean wants(int line) {
        return ledger.isOpen(line) && !held.has(line);
    }

    /**
     * Takes an answer; one to a line that has its answer already is left out.
     *
     * @throws BatchOutput.BrokenException where it cannot be written, nor anything after it
     */
    public void write(int line, String customId, ChatReply reply) throws BatchOutput.BrokenException {
        if (!wants(line)) {
            return;
        }
        BatchOutput.Answer answer = BatchOutput.answer(customId, reply);
        if (!ordered || line == firstOpen) {
            writeNow(line, answer);
        } else {
            ledger.sent(line);
            hold(line, answer);
        }
        for (answer = next(); answer != null; answer = next()) {
            writeNow(firstOpen, answer);
        }
    }

    private void hold(int line, BatchOutput.Answer answer) throws BatchOutput.BrokenException {
        try {
            held.put(line, answer);
        } catch (IOException failed) {
            throw notHeld(failed);
        }
    }

    private BatchOutput.@Nullable Answer next() throws BatchOutput.BrokenException {
        try {
            return held.take(firstOpen);
        } catch (IOException failed) {
            throw notHeld(failed);
        }
    }

    private BatchOutput.BrokenException notHeld(IOException failed) {
        return new BatchOutput.BrokenException(
                "an answer that waits for its turn could not be kept in a temporary file in " + folder + ": "
                        + failed.getMessage(),
                failed);
    }

    private void writeNow(int line, BatchOutput.Answer answer) throws BatchOutput.BrokenException {
        output.write(answer);
        ledger.answered(line, answer.ok());
        firstOpen = ordered ? ledger.firstOpen(firstOpen) : firstOpen;
    }

    @Override
    public void close() throws IOException {
        held.close();
    }
}
