package dev.sluice.worker.cli.batch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A batch file that has been read once and found in order. Reads it again line by line while it is submitted, so that a
 * file of any size needs memory only for its custom ids.
 */
public final class BatchInput {
    /** More problems than this help nobody. */
    static final int MOST_PROBLEMS = 20;

    private static final int HASH_CHARACTERS = 16;

    private final Path file;
    private final String hash;
    private final long lines;

    private BatchInput(Path file, String hash, long lines) {
        this.file = file;
        this.hash = hash;
        this.lines = lines;
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
     */
    public static BatchInput check(Path file, String name) throws IOException, BadLinesException {
        MessageDigest digest = sha256();
        Findings findings = new Findings(name);
        try (LineReader reader = new LineReader(new DigestInputStream(Files.newInputStream(file), digest))) {
            for (LineReader.Line line = reader.next(); line != null; line = reader.next()) {
                findings.add(line);
            }
        }
        String hash = HexFormat.of().formatHex(digest.digest()).substring(0, HASH_CHARACTERS);
        return new BatchInput(file, hash, findings.lines());
    }

    /** How many requests there are. */
    public long lines() {
        return lines;
    }

    /** Always the same for the same line of the same file, so that a second run can be matched with the first. */
    public String id(BatchLine line) {
        return "batch-" + hash + "-" + line.number();
    }

    public Lines open() throws IOException {
        return new Lines(Files.newInputStream(file));
    }

    /** The requests, one after the other. */
    public static final class Lines implements AutoCloseable {
        private final LineReader reader;

        private Lines(InputStream in) {
            this.reader = new LineReader(in);
        }

        /** The next request; null at the end. */
        public @Nullable BatchLine next() throws IOException {
            LineReader.Line line = reader.next();
            while (line != null && line.isBlank()) {
                line = reader.next();
            }
            return line == null ? null : BatchLine.parse(line.number(), line.bytes());
        }

        @Override
        public void close() throws IOException {
            reader.close();
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("every Java has SHA-256", impossible);
        }
    }

    /** What the check has seen so far. */
    private static final class Findings {
        private final String name;
        private final Map<String, Long> customIds = new HashMap<>();
        private final List<String> problems = new ArrayList<>();
        private long bad;

        Findings(String name) {
            this.name = name;
        }

        void add(LineReader.Line line) {
            if (line.isBlank()) {
                return;
            }
            try {
                BatchLine parsed = BatchLine.parse(line.number(), line.bytes());
                Long earlier = customIds.putIfAbsent(parsed.customId(), parsed.number());
                if (earlier != null) {
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
                problems.add(name + " line " + line.number() + ": " + problem);
            }
        }

        /** How many requests there are, all of them in order. */
        long lines() throws BadLinesException {
            if (bad > problems.size()) {
                problems.add(name + ": " + (bad - problems.size()) + " more bad lines");
            }
            if (bad == 0 && customIds.isEmpty()) {
                problems.add(name + " holds no request; each line is one: {\"custom_id\":\"…\",\"body\":{…}}");
            }
            if (!problems.isEmpty()) {
                throw new BadLinesException(problems);
            }
            return customIds.size();
        }
    }
}
