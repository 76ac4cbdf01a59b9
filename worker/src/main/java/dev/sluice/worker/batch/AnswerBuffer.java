package dev.sluice.worker.batch;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers that came before their turn, by line. They cannot be refused, since they are paid for, and a window's worth of
 * large ones may be more than the heap holds: beyond some bytes they wait in a temporary file. Not thread-safe.
 */
final class AnswerBuffer implements AutoCloseable {
    private final long memoryBytes;
    private final Map<Integer, BatchOutput.Answer> inMemory = new HashMap<>();
    private final AnswerSpill inFile;
    private long bytesInMemory;

    /**
     * Holds none yet.
     *
     * @param folder where the file is made
     * @param memoryBytes how much may wait in memory, and be unused in the file
     */
    AnswerBuffer(Path folder, long memoryBytes) {
        this.memoryBytes = memoryBytes;
        this.inFile = new AnswerSpill(folder, memoryBytes);
    }

    boolean has(int line) {
        return inMemory.containsKey(line) || inFile.has(line);
    }

    /** How large the temporary file is. */
    long fileBytes() throws IOException {
        return inFile.bytes();
    }

    /** Keeps an answer; a second one to the same line is left out. */
    void put(int line, BatchOutput.Answer answer) throws IOException {
        if (has(line)) {
            return;
        }
        int bytes = answer.line().length;
        if (bytesInMemory + bytes <= memoryBytes) {
            bytesInMemory += bytes;
            inMemory.put(line, answer);
        } else {
            inFile.put(line, answer);
        }
    }

    /** Null where none is held of this line. */
    BatchOutput.@Nullable Answer take(int line) throws IOException {
        BatchOutput.Answer answer = inMemory.remove(line);
        if (answer == null) {
            return inFile.take(line);
        }
        bytesInMemory -= answer.line().length;
        return answer;
    }

    @Override
    public void close() throws IOException {
        inFile.close();
    }
}
