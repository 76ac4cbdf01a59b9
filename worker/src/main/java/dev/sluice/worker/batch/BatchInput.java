package dev.sluice.worker.batch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch file that has been read once and found in order. Its lines are read again, one by one, as they are needed, so
 * that a file of any size needs memory only for where each line begins and for a hash of its custom id: some 30 to 50 bytes
 * a line.
 */
public final class BatchInput {
    /** More problems than this help nobody. */
    static final int MOST_PROBLEMS = 20;

    private static final int HASH_CHARACTERS = 16;

    private final Path file;
    private final String name;
    private final String hash;
    private final Findings found;

    private BatchInput(Path file, String name, String hash, Findings found) {
        this.file = file;
        this.name = name;
        this.hash = hash;
        this.found = found;
    }

    /** Some lines of a batch are wrong, so none is sent. */
    public static final class BadLinesException extends Exception {
        private final List<String> problems;

        BadLinesException(List<String> problems) {
            super(String.join("; ", problems));
            this.problems = List.copyOf(problems);
        }

        /** One sentence per bad line, the first ones only, and how many more there are. */
        public List<String> problems() {
            return problems;
        }
    }

    /**
     * Reads and checks every line.
     *
     * @param name what messages call the file
     * @param skipInvalid whether bad lines are left out instead of refused
     */
    public static BatchInput check(Path file, String name, boolean skipInvalid) throws IOException, BadLinesException {
        try (InputStream beginning = Files.newInputStream(file)) {
            if (BinaryContent.looksLike(beginning.readNBytes(BinaryContent.SAMPLE_BYTES))) {
                throw new BadLinesException(List.of(name + " is no text; expected is UTF-8 with one request per line:"
                        + " {\"custom_id\":\"…\",\"body\":{…}}. Is it packed, or another file than you mean?"));
            }
        }
        MessageDigest digest = CustomIdIndex.sha256();
        Findings found = new Findings(name);
        try (LineReader reader = new LineReader(new DigestInputStream(Files.newInputStream(file), digest))) {
            for (LineReader.Line line = reader.next(); line != null; line = reader.next()) {
                found.add(line);
            }
        }
        String hash = HexFormat.of().formatHex(digest.digest()).substring(0, HASH_CHARACTERS);
        found.judge(skipInvalid);
        return new BatchInput(file, name, hash, found);
    }

    /** How many requests there are. */
    public int lines() {
        return found.valid.cardinality();
    }

    /** How many bad lines are left out. */
    public long skipped() {
        return found.bad;
    }

    /** What is wrong with the lines that are left out, the first ones only, and how many more there are. */
    public List<String> problems() {
        return List.copyOf(found.problems);
    }

    /** The numbers of the lines that hold a request; a copy. */
    BitSet numbers() {
        return (BitSet) found.valid.clone();
    }

    /** The number of the line with this custom id; 0 where there is none. */
    int number(String customId) {
        return found.customIds.line(customId);
    }

    /** What messages call the file. */
    String name() {
        return name;
    }

    /**
     * How the ids of a run's requests begin; the line's number follows. Always the same for the same file and run, and
     * different for any other, so that a resumed run knows what is its own among all that lies in the queue.
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
         * The request on this line.
         *
         * @throws IOException also where the file is no longer the one that was checked
         */
        public BatchLine read(int number) throws IOException {
            long start = found.starts[number];
            ByteBuffer bytes = ByteBuffer.allocate((int) (found.starts[number + 1] - start));
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, start + bytes.position()) < 0) {
                    throw changed(number, null);
                }
            }
            try {
                BatchLine line = BatchLine.parse(number, bytes.array());
                if (number(line.customId()) == number) {
                    return line;
                }
                throw changed(number, null);
            } catch (IllegalArgumentException otherText) {
                throw changed(number, otherText);
            }
        }

        private IOException changed(int number, @Nullable Exception cause) {
            return new IOException(name + " line " + number + " has changed while the batch was under way", cause);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }

    /** What the check has seen so far. */
    private static final class Findings {
        private final String name;
        private final CustomIdIndex customIds = new CustomIdIndex();
        private final BitSet valid = new BitSet();
        private final List<String> problems = new ArrayList<>();
        /** Where in the file each line begins, by its number; behind the last one the file's end. */
        private long[] starts = new long[1 << 10];

        private long bad;

        Findings(String name) {
            this.name = name;
        }

        void add(LineReader.Line line) {
            if (line.number() + 1 >= starts.length) {
                starts = Arrays.copyOf(starts, starts.length + (starts.length >> 1));
            }
            starts[line.number() + 1] = line.end();
            if (line.isBlank()) {
                return;
            }
            try {
                BatchLine parsed = BatchLine.parse(line.number(), line.bytes());
                int earlier = customIds.putIfAbsent(parsed.customId(), line.number());
                if (earlier == 0) {
                    valid.set(line.number());
                } else {
                    bad(
                            line,
                            "custom_id \"" + parsed.customId() + "\" is that of line " + earlier
                                    + " too; make it unique");
                }
            } catch (IllegalArgumentException wrong) {
                bad(line, String.valueOf(wrong.getMessage()));
            }
        }

        private void bad(LineReader.Line line, String problem) {
            bad++;
            if (problems.size() < MOST_PROBLEMS) {
                problems.add(name + " line " + line.number() + ": " + BinaryContent.printable(problem));
            }
        }

        void judge(boolean skipInvalid) throws BadLinesException {
            if (bad > problems.size()) {
                problems.add(name + ": " + (bad - problems.size()) + " more bad lines");
            }
            if (valid.isEmpty() && (bad == 0 || skipInvalid)) {
                problems.add(name + " holds no request; each line is one: {\"custom_id\":\"…\",\"body\":{…}}");
            }
            if (valid.isEmpty() || (bad > 0 && !skipInvalid)) {
                throw new BadLinesException(problems);
            }
        }
    }
}
