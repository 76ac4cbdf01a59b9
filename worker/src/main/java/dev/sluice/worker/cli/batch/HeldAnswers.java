package dev.sluice.worker.cli.batch;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Answers that came before their turn, by line. They cannot be refused, since they are paid for, and a window's worth of
 * large ones may be more than the heap holds: beyond some bytes they wait in a temporary file, which is gone with the
 * process. Not thread-safe.
 */
final class HeldAnswers implements AutoCloseable {
    private final long memoryBytes;
    private final Map<Integer, Held> held = new HashMap<>();
    private long bytesInMemory;
    private @Nullable FileChannel file;
    private int inFile;
    private long fileEnd;

    /** Where an answer waits. */
    private sealed interface Held {
        record InMemory(BatchOutput.Answer answer) implements Held {}

        record InFile(boolean ok, long position, int bytes) implements Held {}
    }

    /** @param memoryBytes how much may wait in memory */
    HeldAnswers(long memoryBytes) {
        this.memoryBytes = memoryBytes;
    }

    boolean has(int line) {
        return held.containsKey(line);
    }

    /** Keeps an answer; a second one to the same line is left out. */
    void put(int line, BatchOutput.Answer answer) throws IOException {
        if (held.containsKey(line)) {
            return;
        }
        int bytes = answer.line().length;
        if (bytesInMemory + bytes <= memoryBytes) {
            bytesInMemory += bytes;
            held.put(line, new Held.InMemory(answer));
        } else {
            held.put(line, write(answer));
        }
    }

    private Held write(BatchOutput.Answer answer) throws IOException {
        FileChannel into = opened();
        ByteBuffer rest = ByteBuffer.wrap(answer.line());
        long position = fileEnd;
        while (rest.hasRemaining()) {
            into.write(rest, position + rest.position());
        }
        fileEnd += answer.line().length;
        inFile++;
        return new Held.InFile(answer.ok(), position, answer.line().length);
    }

    private FileChannel opened() throws IOException {
        FileChannel open = file;
        if (open == null) {
            Path path = Files.createTempFile("sluice-submit-", ".held");
            open = FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
            file = open;
        }
        return open;
    }

    /** Null where none is held of this line. */
    BatchOutput.@Nullable Answer take(int line) throws IOException {
        Held found = held.remove(line);
        if (found == null) {
            return null;
        }
        if (found instanceof Held.InFile there) {
            return new BatchOutput.Answer(there.ok(), read(there));
        }
        BatchOutput.Answer answer = ((Held.InMemory) found).answer();
        bytesInMemory -= answer.line().length;
        return answer;
    }

    private byte[] read(Held.InFile there) throws IOException {
        FileChannel from = opened();
        ByteBuffer line = ByteBuffer.allocate(there.bytes());
        while (line.hasRemaining()) {
            if (from.read(line, there.position() + line.position()) < 0) {
                throw new EOFException("the temporary file of answers has been cut");
            }
        }
        if (--inFile == 0) {
            from.truncate(0);
            fileEnd = 0;
        }
        return line.array();
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
