package dev.sluice.worker.cli.batch;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * What an earlier run has written.
 *
 * @param customIds the requests that have their answer, ok or failed
 * @param failed how many of those have failed
 * @param wholeBytes the size of the file without a last line that was torn off
 */
public record AnsweredLines(Set<String> customIds, long failed, long wholeBytes) {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    public static final AnsweredLines NONE = new AnsweredLines(Set.of(), 0, 0);

    public AnsweredLines {
        customIds = Set.copyOf(customIds);
    }

    /**
     * Reads an output file; one that does not exist has no answers.
     *
     * @throws IllegalArgumentException naming the line that we have not written
     */
    public static AnsweredLines read(Path file) throws IOException {
        if (Files.notExists(file)) {
            return NONE;
        }
        Set<String> customIds = new HashSet<>();
        long failed = 0;
        long wholeBytes = 0;
        try (LineReader reader = new LineReader(Files.newInputStream(file), Integer.MAX_VALUE - 8)) {
            LineReader.Line line = reader.next();
            while (line != null && line.complete()) {
                if (!line.isBlank()) {
                    JsonNode answer = parse(file, line);
                    customIds.add(answer.get("custom_id").stringValue());
                    failed += answer.path("error").isNull() ? 0 : 1;
                }
                wholeBytes = line.end();
                line = reader.next();
            }
        }
        return new AnsweredLines(customIds, failed, wholeBytes);
    }

    private static JsonNode parse(Path file, LineReader.Line line) {
        String problem = file + " line " + line.number()
                + " is no answer that sluice has written; resume with the file of the earlier run, or name another --output";
        try {
            JsonNode answer = MAPPER.readTree(line.bytes());
            if (answer.path("custom_id").isString()) {
                return answer;
            }
            throw new IllegalArgumentException(problem);
        } catch (JacksonException notJson) {
            throw new IllegalArgumentException(problem, notJson);
        }
    }

    /** Cuts the torn line off, so that the next answer begins a line of its own. */
    public void mend(Path file) throws IOException {
        if (Files.exists(file)) {
            try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
                channel.truncate(wholeBytes);
            }
        }
    }
}
