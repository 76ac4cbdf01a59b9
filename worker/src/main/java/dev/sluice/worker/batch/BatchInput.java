package dev.sluice.worker.batch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A batch file whose lines have been checked. Its lines are read again one by one when they are needed. A file of any
 * size therefore takes 30 to 50 bytes of memory per line: the offset of the line and a hash of its custom id.
 */
public final class BatchInput {
    private final Path file;
    private final String name;
    private final String hash;
    private final CheckedLines checked;
    private final int maxBodyBytes;

    BatchInput(Path file, String name, String hash, CheckedLines checked, int maxBodyBytes) {
        this.file = file;
        this.name = name;
        this.hash = hash;
        this.checked = checked;
        this.maxBodyBytes = maxBodyBytes;
    }

    /**
     * The result of a check.
     *
     * @param starts the offset of each line by its number, and the end of the file after the last one
     * @param largestBody the size of the largest body in bytes
     * @param models the models of the requests, of which there may be more if there are two
     * @param badCount the number of lines that are left out
     * @param problems the problems of the first bad lines
     */
    record CheckedLines(
            CustomIdIndex customIds,
            BitSet requestLines,
            long[] starts,
            int largestBody,
            Set<String> models,
            long badCount,
            List<LineProblem> problems) {
        CheckedLines {
            models = Set.copyOf(models);
            problems = List.copyOf(problems);
        }
    }

    /** Thrown when lines of a batch are wrong. Nothing is sent then. */
    public static final class BadLinesException extends Exception {
        private final String name;
        private final List<LineProblem> found;

        BadLinesException(String name, List<LineProblem> found) {
            super(String.join("; ", sentences(name, found)));
            this.name = name;
            this.found = List.copyOf(found);
        }

        /** Returns one sentence for each of the first bad lines, and the number of the others. */
        public List<String> problems() {
            return sentences(name, found);
        }

        /** Returns the first bad lines, and the number of the others. */
        public List<LineProblem> lineProblems() {
            return found;
        }
    }

    private static List<String> sentences(String name, List<LineProblem> problems) {
        return problems.stream().map(each -> each.in(name)).toList();
    }

    /**
     * Reads and checks every line of a file of any length.
     *
     * @param name the name of the file in messages
     * @param skipInvalid whether bad lines are left out instead of refused
     * @param maxBodyBytes the largest body of a request
     */
    public static BatchInput check(Path file, String name, boolean skipInvalid, int maxBodyBytes)
            throws IOException, BadLinesException {
        return new BatchInputCheck(file, name, maxBodyBytes, Integer.MAX_VALUE).run(skipInvalid);
    }

    /**
     * Reads and checks every line of a file that may have so many requests. It reads no more than these.
     *
     * @param name the name of the file in messages
     * @param maxBodyBytes the largest body of a request
     */
    public static BatchInput checkUpTo(int maxRequests, Path file, String name, int maxBodyBytes)
            throws IOException, BadLinesException {
        return new BatchInputCheck(file, name, maxBodyBytes, maxRequests).run(false);
    }

    /** Returns the number of requests. */
    public int requestCount() {
        return checked.requestLines().cardinality();
    }

    /** Returns the size of the largest body in bytes. */
    public int largestBody() {
        return checked.largestBody();
    }

    /** Returns the model of the requests if all have the same. */
    public Optional<String> model() {
        return checked.models().size() == 1 ? checked.models().stream().findFirst() : Optional.empty();
    }

    /** Returns the number of bad lines that are left out. */
    public long skippedCount() {
        return checked.badCount();
    }

    /** Returns one sentence for each of the first lines that are left out, and the number of the others. */
    public List<String> problems() {
        return sentences(name, checked.problems());
    }

    /** Returns a copy of the numbers of all lines that hold a request. */
    BitSet requestLines() {
        return (BitSet) checked.requestLines().clone();
    }

    /** Returns the number of the line with this custom id, or 0 if there is none. */
    int lineOf(String customId) {
        return checked.customIds().line(customId);
    }

    /** Returns the name of the file in messages. */
    String name() {
        return name;
    }

    /**
     * Returns the beginning of a run's request ids, to which the line's number is appended. The prefix is always the
     * same for the same file and run and differs from that of any other. A resumed run recognises its requests in the
     * queue by it.
     */
    public String idPrefix(String run) {
        return "batch-" + hash + "-" + run + "-";
    }

    public Lines open() throws IOException {
        return new Lines();
    }

    /** Reads requests by their line numbers. Not thread-safe. */
    public final class Lines implements AutoCloseable {
        private final FileChannel channel = FileChannel.open(file);

        private Lines() throws IOException {}

        /**
         * Reads the request on this line.
         *
         * @throws IOException also if the file has changed since it was checked
         */
        public BatchLine read(int number) throws IOException {
            try {
                BatchLine line = BatchLine.parse(number, bytes(number), maxBodyBytes);
                if (lineOf(line.customId()) == number) {
                    return line;
                }
                throw changed(number, null);
            } catch (IllegalArgumentException e) {
                throw changed(number, e);
            }
        }

        /**
         * Returns the custom id of the request on this line. The request itself is not looked at.
         *
         * @throws IOException also if the file has changed since it was checked
         */
        public String customId(int number) throws IOException {
            try {
                String customId = BatchLine.customId(number, bytes(number));
                if (lineOf(customId) == number) {
                    return customId;
                }
                throw changed(number, null);
            } catch (IllegalArgumentException e) {
                throw changed(number, e);
            }
        }

        private byte[] bytes(int number) throws IOException {
            long start = checked.starts()[number];
            ByteBuffer bytes = ByteBuffer.allocate((int) (checked.starts()[number + 1] - start));
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, start + bytes.position()) < 0) {
                    throw changed(number, null);
                }
            }
            return bytes.array();
        }

        private IOException changed(int number, @Nullable Exception cause) {
            return new IOException(name + " line " + number + " has changed while the batch was under way", cause);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
