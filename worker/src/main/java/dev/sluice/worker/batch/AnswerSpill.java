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
 * Answers in a temporary file, by line. The file is made when it is needed, readable by its owner alone, and gone with
 * the process. It is never larger than twice what waits in it and some slack: where it would be, what waits is moved to
 * its beginning, which costs no more than what was taken since. Not thread-safe.
 */
final class AnswerSpill implements AutoCloseable {
    private final Path folder;
    private final long slackBytes;
    private final Map<Integer, Place> places = new HashMap<>();
    private @Nullable FileChannel file;
    private long waitingBytes;
    private long end;

    /** Where an answer lies. */
    private record Place(boolean ok, long position, int bytes) {}

    AnswerSpill(Path folder, long slackBytes) {
        this.folder = folder;
        this.slackBytes = slackBytes;
    }

    boolean has(int line) {
        return places.containsKey(line);
    }

    /** How large the file is. */
    long bytes() throws IOException {
        return file == null ? 0 : file.size();
    }

    void put(int line, BatchOutput.Answer answer) throws IOException {
        places.put(line, append(answer.ok(), answer.line()));
        waitingBytes += answer.line().length;
    }

    /** Null where none is held of this line. */
    BatchOutput.@Nullable Answer take(int line) throws IOException {
        Place there = places.remove(line);
        if (there == null) {
            return null;
        }
        byte[] bytes = read(there);
        waitingBytes -= bytes.length;
        if (end > 2 * waitingBytes + slackBytes) {
            moveToTheBeginning();
        }
        return new BatchOutput.Answer(there.ok(), bytes);
    }

    /** From the first one on, so that none is written over before it has been read. */
    private void moveToTheBeginning() throws IOException {
        List<Map.Entry<Integer, Place>> inOrder = places.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.comparingLong(Place::position)))
                .toList();
        end = 0;
        for (Map.Entry<Integer, Place> each : inOrder) {
            Place from = each.getValue();
            each.setValue(append(from.ok(), read(from)));
        }
        opened().truncate(end);
    }

    private Place append(boolean ok, byte[] line) throws IOException {
        FileChannel into = opened();
        ByteBuffer rest = ByteBuffer.wrap(line);
        long position = end;
        while (rest.hasRemaining()) {
            into.write(rest, position + rest.position());
        }
        end += line.length;
        return new Place(ok, position, line.length);
    }

    private byte[] read(Place there) throws IOException {
        FileChannel from = opened();
        ByteBuffer line = ByteBuffer.allocate(there.bytes());
        while (line.hasRemaining()) {
            if (from.read(line, there.position() + line.position()) < 0) {
                throw new EOFException("the temporary file of answers has been cut");
            }
        }
        return line.array();
    }

    private FileChannel opened() throws IOException {
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
