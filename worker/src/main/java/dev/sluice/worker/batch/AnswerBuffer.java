package dev.sluice.worker.batch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the answers that came before their turn, by line. All of them are kept because they are paid for. A window full
 * of large answers may not fit into the heap. Answers beyond a number of bytes therefore wait in a temporary file. Not
 * thread-safe.
 */
final class AnswerBuffer implements AutoCloseable {
    private final long memoryBytes;
    private final Map<Integer, BatchOutput.Answer> inMemory = new HashMap<>();
    private final AnswerSpill spill;
    private long bytesInMemory;

    /**
     * Creates an empty buffer.
     *
     * @param folder the folder of the temporary file
     * @param memoryBytes the most bytes that wait in memory, and the most that are unused in the file
     */
    AnswerBuffer(Path folder, long memoryBytes) {
        this.memoryBytes = memoryBytes;
        this.spill = new AnswerSpill(folder, memoryBytes);
    }

    boolean contains(int line) {
        return inMemory.containsKey(line) || spill.contains(line);
    }

    /** Returns the size of the temporary file. */
    long fileBytes() throws IOException {
        return spill.bytes();
    }

    /** Keeps an answer unless there is one for this line already. */
    void put(int line, BatchOutput.Answer answer) throws IOException {
        if (contains(line)) {
            return;
        }
        int bytes = answer.line().length;
        if (bytesInMemory + bytes <= memoryBytes) {
            bytesInMemory += bytes;
            inMemory.put(line, answer);
        } else {
            spill.put(line, answer);
        }
    }

    /** Removes and returns the answer for this line, or null if there is none. */
    BatchOutput.@Nullable Answer take(int line) throws IOException {
        BatchOutput.Answer answer = inMemory.remove(line);
        if (answer == null) {
            return spill.take(line);
        }
        bytesInMemory -= answer.line().length;
        return answer;
    }

    @Override
    public void close() throws IOException {
        spill.close();
    }
}
