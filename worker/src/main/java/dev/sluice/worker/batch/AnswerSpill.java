package dev.sluice.worker.batch;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Keeps answers in a temporary file, by line. The file is created when it is needed. Only its owner can read it, and it
 * is deleted when it is closed or the process ends. Not thread-safe.
 *
 * <p>The file is never larger than twice the waiting answers plus some slack. Beyond that size the waiting answers are
 * moved to the beginning of the file, which copies no more bytes than were taken since the last move.
 */
final class AnswerSpill implements AutoCloseable {
    private final Path folder;
    private final long slackBytes;
    private final Map<Integer, StoredAnswer> stored = new HashMap<>();
    private @Nullable FileChannel file;
    private long waitingBytes;
    private long end;

    /** The position of an answer in the file. */
    private record StoredAnswer(boolean ok, long position, int bytes) {}

    AnswerSpill(Path folder, long slackBytes) {
        this.folder = folder;
        this.slackBytes = slackBytes;
    }

    boolean contains(int line) {
        return stored.containsKey(line);
    }

    /** Returns the size of the file. */
    long bytes() throws IOException {
        return file == null ? 0 : file.size();
    }

    void put(int line, BatchOutput.Answer answer) throws IOException {
        stored.put(line, append(answer.ok(), answer.line()));
        waitingBytes += answer.line().length;
    }

    /** Removes and returns the answer for this line, or null if there is none. */
    BatchOutput.@Nullable Answer take(int line) throws IOException {
        StoredAnswer answer = stored.remove(line);
        if (answer == null) {
            return null;
        }
        byte[] bytes = read(answer);
        waitingBytes -= bytes.length;
        if (end > 2 * waitingBytes + slackBytes) {
            compact();
        }
        return new BatchOutput.Answer(answer.ok(), bytes);
    }

    private void compact() throws IOException {
        // in the order of their positions, so that no answer is overwritten before it has been read
        List<Map.Entry<Integer, StoredAnswer>> inOrder = stored.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.comparingLong(StoredAnswer::position)))
                .toList();
        end = 0;
        for (Map.Entry<Integer, StoredAnswer> each : inOrder) {
            StoredAnswer from = each.getValue();
            each.setValue(append(from.ok(), read(from)));
        }
        openFile().truncate(end);
    }

    private StoredAnswer append(boolean ok, byte[] line) throws IOException {
        FileChannel target = openFile();
        ByteBuffer rest = ByteBuffer.wrap(line);
        long position = end;
        while (rest.hasRemaining()) {
            target.write(rest, position + rest.position());
        }
        end += line.length;
        return new StoredAnswer(ok, position, line.length);
    }

    private byte[] read(StoredAnswer answer) throws IOException {
        FileChannel source = openFile();
        ByteBuffer line = ByteBuffer.allocate(answer.bytes());
        while (line.hasRemaining()) {
            if (source.read(line, answer.position() + line.position()) < 0) {
                throw new EOFException("the temporary file of answers was truncated by another process");
            }
        }
        return line.array();
    }

    private FileChannel openFile() throws IOException {
        FileChannel open = file;
        if (open == null) {
            Path path = Files.createTempFile(folder, "sluice-submit-", ".held");
            open = FileChannel.open(
                    path, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.DELETE_ON_CLOSE);
            file = open;
        }
        return open;
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
