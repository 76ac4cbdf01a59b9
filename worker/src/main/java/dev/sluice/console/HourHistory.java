package dev.sluice.console;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.worker.text.CommandException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the samples of the last hour in memory and in a file, so that a restart forgets nothing. The file has a line
 * for each sample, and is written anew once half of its lines are old. Not thread-safe.
 */
final class HourHistory implements AutoCloseable {
    /** The time between two samples. */
    static final Duration INTERVAL = Duration.ofSeconds(10);

    private static final Duration HOUR = Duration.ofHours(1);
    private static final int MAX_SAMPLES = (int) HOUR.dividedBy(INTERVAL);

    /** The largest file that is read. One that this class writes has less than a tenth of it. */
    private static final long MAX_FILE_BYTES = 1 << 20;

    private static final Logger log = LoggerFactory.getLogger(HourHistory.class);

    private final Path file;
    private final FileChannel lockFile;
    private final Deque<QueueSample> samples = new ArrayDeque<>();
    private int lines;
    private boolean isWritable = true;

    private HourHistory(Path file, FileChannel lockFile) {
        this.file = file;
        this.lockFile = lockFile;
    }

    /**
     * Opens a history, and reads what an earlier process has left in the file.
     *
     * @param now epoch milliseconds
     * @throws CommandException if the file cannot be used, or another console uses it
     */
    static HourHistory open(Path file, long now) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            HourHistory history = new HourHistory(file, lock(file));
            try {
                history.read(now);
                history.rewrite();
            } catch (IOException e) {
                history.close();
                throw e;
            }
            return history;
        } catch (IOException e) {
            // what Java says of a file is often its name alone
            throw new CommandException("the last hour cannot be kept in " + file + " (" + e
                    + "); give a directory that can be written to with --history-dir");
        }
    }

    private static FileChannel lock(Path file) throws IOException {
        FileChannel channel = FileChannel.open(
                file.resolveSibling(file.getFileName() + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            lock = null;
        }
        if (lock == null) {
            channel.close();
            throw new CommandException("another console keeps the last hour of this queue in " + file
                    + "; stop it, or give another directory with --history-dir");
        }
        return channel;
    }

    private void read(long now) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        if (Files.size(file) > MAX_FILE_BYTES) {
            throw new IOException("it has " + Files.size(file) + " bytes and is no history; delete or move it");
        }
        // a damaged byte must not make the rest unreadable, as it would in UTF-8
        Files.readAllLines(file, ISO_8859_1).stream()
                .map(QueueSample::parse)
                .flatMap(Optional::stream)
                .filter(sample -> sample.at() <= now)
                .forEach(this::remember);
        forgetOld(now);
    }

    private void remember(QueueSample sample) {
        // a clock that was set back must not make time go backwards in a plot
        while (!samples.isEmpty() && samples.getLast().at() >= sample.at()) {
            samples.removeLast();
        }
        samples.addLast(sample);
    }

    private void forgetOld(long now) {
        while (!samples.isEmpty()
                && (samples.size() > MAX_SAMPLES || samples.getFirst().at() < now - HOUR.toMillis())) {
            samples.removeFirst();
        }
    }

    /** Adds a sample. A disk that takes nothing is logged once, and then the memory alone has the sample. */
    void add(QueueSample sample) {
        remember(sample);
        forgetOld(sample.at());
        try {
            if (lines >= 2 * MAX_SAMPLES) {
                rewrite();
            } else {
                append(sample);
            }
            isWritable = true;
        } catch (IOException e) {
            if (isWritable) {
                isWritable = false;
                log.atWarn()
                        .addKeyValue("file", file)
                        .addKeyValue("reason", e.toString())
                        .log("History not written; a restart would forget it");
            }
            lines = 2 * MAX_SAMPLES; // the next attempt writes all of it
        }
    }

    private void append(QueueSample sample) throws IOException {
        try (FileChannel channel = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            write(channel, sample.json() + "\n");
        }
        lines++;
    }

    /** Writes all samples to a new file, which takes the place of the old one once it is whole. */
    private void rewrite() throws IOException {
        Path next = file.resolveSibling(file.getFileName() + ".new");
        try (FileChannel channel = FileChannel.open(
                next, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            write(channel, samples.stream().map(each -> each.json() + "\n").collect(Collectors.joining()));
            channel.force(true);
        }
        Path unused = Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        lines = samples.size();
    }

    private static void write(FileChannel channel, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(UTF_8));
        while (bytes.hasRemaining()) {
            int unused = channel.write(bytes);
        }
    }

    /** Returns the samples, the oldest first. */
    List<QueueSample> samples() {
        return List.copyOf(samples);
    }

    /** Lets another console have the file. */
    @Override
    public void close() {
        try {
            lockFile.close();
        } catch (IOException e) {
            log.atWarn().addKeyValue("file", file).setCause(e).log("Lock of the history not released");
        }
    }
}
