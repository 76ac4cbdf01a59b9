package dev.sluice.worker.batch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
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

/** Reads every line of a batch file once and collects what is wrong with it. Not thread-safe. */
final class BatchInputCheck {
    /** The number of bad lines that are described. The others are only counted. */
    static final int MAX_PROBLEMS = 20;

    private static final int HASH_CHARACTERS = 16;

    private final Path file;
    private final String name;
    private final int maxBodyBytes;
    private final CustomIdIndex customIds = new CustomIdIndex();
    private final BitSet requestLines = new BitSet();
    private final List<String> problems = new ArrayList<>();
    /** The offset of each line by its number, and the end of the file after the last one. */
    private long[] starts = new long[1 << 10];

    private long badLines;
    private int largestBody;
    /** The problem of a file that is JSON and has no line that is a request, or a blank text. */
    private String form = "";

    BatchInputCheck(Path file, String name, int maxBodyBytes) {
        this.file = file;
        this.name = name;
        this.maxBodyBytes = maxBodyBytes;
    }

    /**
     * Reads and checks every line.
     *
     * @param skipInvalid whether bad lines are left out instead of refused
     */
    BatchInput run(boolean skipInvalid) throws IOException, BatchInput.BadLinesException {
        requireText();
        MessageDigest digest = CustomIdIndex.sha256();
        InputStream in = new DigestInputStream(Files.newInputStream(file), digest);
        try (LineReader reader = new LineReader(in, BatchLine.lineBytes(maxBodyBytes))) {
            for (LineReader.Line line = reader.next(); line != null; line = reader.next()) {
                add(line);
            }
        }
        requireRequests(skipInvalid);
        String hash = HexFormat.of().formatHex(digest.digest()).substring(0, HASH_CHARACTERS);
        return new BatchInput(
                file,
                name,
                hash,
                new BatchInput.CheckedLines(customIds, requestLines, starts, largestBody, badLines, problems),
                maxBodyBytes);
    }

    private void requireText() throws IOException, BatchInput.BadLinesException {
        try (InputStream in = Files.newInputStream(file)) {
            if (BinaryContent.isBinary(in.readNBytes(BinaryContent.SAMPLE_BYTES))) {
                throw new BatchInput.BadLinesException(
                        List.of(name + " is no text; expected is UTF-8 with one request per line:"
                                + " {\"custom_id\":\"…\",\"body\":{…}}. If it is packed: submit <(zcat " + name + ")"));
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
        if (form.isEmpty()) {
            form = form(line.bytes());
        }
        try {
            BatchLine parsed = BatchLine.parse(line.number(), line.bytes(), maxBodyBytes);
            int sameId = customIds.putIfAbsent(parsed.customId(), line.number());
            if (sameId == 0) {
                largestBody = Math.max(largestBody, parsed.body().getBytes(StandardCharsets.UTF_8).length);
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

    /** Recognises two files of JSON that are not one request per line, by their first line. */
    private String form(byte @Nullable [] firstLine) {
        String line = firstLine == null ? "" : new String(firstLine, StandardCharsets.UTF_8).strip();
        if (line.startsWith("[")) {
            return name + " is one JSON array; make it one request per line: jq -c '.[]' " + name;
        }
        boolean goesOn = line.startsWith("{") && !line.endsWith("}");
        return goesOn ? name + " has requests of several lines; make it one request per line: jq -c . " + name : " ";
    }

    private void addProblem(LineReader.Line line, String problem) {
        badLines++;
        if (problems.size() < MAX_PROBLEMS) {
            problems.add(name + " line " + line.number() + ": " + BinaryContent.printable(problem));
        }
    }

    private void requireRequests(boolean skipInvalid) throws BatchInput.BadLinesException {
        if (requestLines.isEmpty() && !form.isBlank()) {
            throw new BatchInput.BadLinesException(List.of(form));
        }
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
