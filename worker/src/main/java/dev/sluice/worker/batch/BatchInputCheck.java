package dev.sluice.worker.batch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;

/** Reads every line of a batch file once and collects what is wrong with it. Not thread-safe. */
final class BatchInputCheck {
    /** The number of bad lines that are described. The others are only counted. */
    static final int MAX_PROBLEMS = 20;

    private static final int HASH_CHARACTERS = 16;

    private final Path file;
    private final String name;
    private final CustomIdIndex customIds = new CustomIdIndex();
    private final BitSet requestLines = new BitSet();
    private final List<String> problems = new ArrayList<>();
    /** The offset of each line by its number, and the end of the file after the last one. */
    private long[] starts = new long[1 << 10];

    private long badLines;

    BatchInputCheck(Path file, String name) {
        this.file = file;
        this.name = name;
    }

    /**
     * Reads and checks every line.
     *
     * @param skipInvalid whether bad lines are left out instead of refused
     */
    BatchInput run(boolean skipInvalid) throws IOException, BatchInput.BadLinesException {
        requireText();
        MessageDigest digest = CustomIdIndex.sha256();
        try (LineReader reader = new LineReader(new DigestInputStream(Files.newInputStream(file), digest))) {
            for (LineReader.Line line = reader.next(); line != null; line = reader.next()) {
                add(line);
            }
        }
        requireRequests(skipInvalid);
        String hash = HexFormat.of().formatHex(digest.digest()).substring(0, HASH_CHARACTERS);
        return new BatchInput(
                file, name, hash, new BatchInput.CheckedLines(customIds, requestLines, starts, badLines, problems));
    }

    private void requireText() throws IOException, BatchInput.BadLinesException {
        try (InputStream in = Files.newInputStream(file)) {
            if (BinaryContent.isBinary(in.readNBytes(BinaryContent.SAMPLE_BYTES))) {
                throw new BatchInput.BadLinesException(
                        List.of(name + " is no text; expected is UTF-8 with one request per line:"
                                + " {\"custom_id\":\"…\",\"body\":{…}}. Is it packed, or another file than you mean?"));
            }
        }
    }

    private void add(LineReader.Line line) {
        if (line.number() + 1 >= starts.length) {
            starts = Arrays.copyOf(starts, starts.length + (starts.length >> 1));
        }
        starts[line.number() + 1] = line.end();
        if (line.isBlank()) {
            return;
        }
        try {
            BatchLine parsed = BatchLine.parse(line.number(), line.bytes());
            int sameId = customIds.putIfAbsent(parsed.customId(), line.number());
            if (sameId == 0) {
                requestLines.set(line.number());
            } else {
                addProblem(
                        line,
                        "custom_id \"" + parsed.customId() + "\" is that of line " + sameId + " too; make it unique");
            }
        } catch (IllegalArgumentException e) {
            addProblem(line, String.valueOf(e.getMessage()));
        }
    }

    private void addProblem(LineReader.Line line, String problem) {
        badLines++;
        if (problems.size() < MAX_PROBLEMS) {
            problems.add(name + " line " + line.number() + ": " + BinaryContent.printable(problem));
        }
    }

    private void requireRequests(boolean skipInvalid) throws BatchInput.BadLinesException {
        if (badLines > problems.size()) {
            problems.add(name + ": " + (badLines - problems.size()) + " more bad lines");
        }
        if (requestLines.isEmpty() && (badLines == 0 || skipInvalid)) {
            problems.add(name + " holds no request; each line is one: {\"custom_id\":\"…\",\"body\":{…}}");
        }
        if (requestLines.isEmpty() || (badLines > 0 && !skipInvalid)) {
            throw new BatchInput.BadLinesException(problems);
        }
    }
}
