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
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Reads every line of a batch file once and collects what is wrong with it. Not thread-safe. */
final class BatchInputCheck {
    /** The number of bad lines that are described. The others are only counted. */
    static final int MAX_PROBLEMS = 20;

    private static final int HASH_CHARACTERS = 16;

    private final Path file;
    private final String name;
    private final int maxBodyBytes;
    private final int maxRequests;
    private final CustomIdIndex customIds = new CustomIdIndex();
    private final BitSet requestLines = new BitSet();
    private final List<LineProblem> problems = new ArrayList<>();
    /** The offset of each line by its number, and the end of the file after the last one. */
    private long[] starts = new long[1 << 10];

    private int requests;
    private long badLines;
    private int largestBody;
    private final Set<String> models = new HashSet<>();
    /** The problem of a file that is JSON and has no line that is a request, or a blank text. */
    private String form = "";

    BatchInputCheck(Path file, String name, int maxBodyBytes, int maxRequests) {
        this.file = file;
        this.name = name;
        this.maxBodyBytes = maxBodyBytes;
        this.maxRequests = maxRequests;
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
                new BatchInput.CheckedLines(customIds, requestLines, starts, largestBody, models, badLines, problems),
                maxBodyBytes);
    }

    private void requireText() throws IOException, BatchInput.BadLinesException {
        try (InputStream in = Files.newInputStream(file)) {
            if (BinaryContent.isBinary(in.readNBytes(BinaryContent.SAMPLE_BYTES))) {
                throw badFile(
                        LineProblem.INVALID_JSON,
                        name + " is no text; expected is UTF-8 with one request per line:"
                                + " {\"custom_id\":\"…\",\"body\":{…}}. If it is packed, unpack it first");
            }
        }
    }

    private BatchInput.BadLinesException badFile(String code, String problem) {
        return new BatchInput.BadLinesException(name, List.of(LineProblem.ofFile(code, problem)));
    }

    private void add(LineReader.Line line) throws BatchInput.BadLinesException {
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
            requireRoom();
            int sameId = customIds.putIfAbsent(parsed.customId(), line.number());
            if (sameId == 0) {
                largestBody = Math.max(largestBody, parsed.body().getBytes(StandardCharsets.UTF_8).length);
                requestLines.set(line.number());
                addModel(parsed.model());
            } else {
                add(new LineProblem(
                        line.number(),
                        LineProblem.DUPLICATE_CUSTOM_ID,
                        "custom_id \"" + parsed.customId() + "\" is that of line " + sameId + " too; make it unique"));
            }
        } catch (LineProblem.BadLineException e) {
            add(e.at(line.number()));
        }
    }

    /** Two are enough to know that there are several. */
    private void addModel(String model) {
        if (models.size() < 2) {
            models.add(model);
        }
    }

    private void requireRoom() throws BatchInput.BadLinesException {
        requests++;
        if (requests > maxRequests) {
            throw badFile(
                    LineProblem.TOO_MANY_TASKS,
                    name + " has more than " + maxRequests + " requests, the most of a batch; split it");
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

    private void add(LineProblem problem) {
        badLines++;
        if (problems.size() < MAX_PROBLEMS) {
            problems.add(problem);
        }
    }

    private void requireRequests(boolean skipInvalid) throws BatchInput.BadLinesException {
        if (requestLines.isEmpty() && !form.isBlank()) {
            throw badFile(LineProblem.INVALID_JSON, form);
        }
        if (badLines > problems.size()) {
            problems.add(LineProblem.ofFile(
                    LineProblem.INVALID_REQUEST, name + ": " + (badLines - problems.size()) + " more bad lines"));
        }
        if (requestLines.isEmpty() && (badLines == 0 || skipInvalid)) {
            problems.add(LineProblem.ofFile(
                    LineProblem.EMPTY_BATCH,
                    name + " holds no request; each line is one: {\"custom_id\":\"…\",\"body\":{…}}"));
        }
        if (requestLines.isEmpty() || (badLines > 0 && !skipInvalid)) {
            throw new BatchInput.BadLinesException(name, problems);
        }
    }
}
