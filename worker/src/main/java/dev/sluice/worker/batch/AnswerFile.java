package dev.sluice.worker.batch;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/** A file of answers that a previous run may have begun and this run continues. Not thread-safe. */
public final class AnswerFile {
    private static final Logger LOG = LoggerFactory.getLogger(AnswerFile.class);
    private static final JsonMapper MAPPER = JsonMapper.builder().build();
    private static final int FIRST_ERROR_STATUS = 400;

    private final Path file;
    private final boolean replacesFailed;
    /** True if {@link #open} has failed answers to remove. */
    private boolean hasFailed;

    private long bytes;
    /** The size without a torn last line, which a killed process may have left. */
    private long completeBytes;

    private boolean inOrder = true;
    private @Nullable FileChannel channel;

    /** Makes a file to whose answers this run adds those that are missing. */
    public AnswerFile(Path file) {
        this(file, false);
    }

    private AnswerFile(Path file, boolean replacesFailed) {
        this.file = file;
        this.replacesFailed = replacesFailed;
    }

    /** Makes a file whose failed answers count for none, and are removed by {@link #open}. */
    public static AnswerFile replacingFailed(Path file) {
        return new AnswerFile(file, true);
    }

    /** The fields of an answer that a resumed run needs. */
    private record Answer(String customId, boolean ok, AnswerTokens tokens) {}

    /** The fields of what the API has answered. */
    private record Response(boolean isRefused, AnswerTokens tokens) {
        static final Response NONE = new Response(false, AnswerTokens.NONE);
    }

    /** Thrown when another process writes the file, or has written to it since it was read. */
    public static final class InUseException extends Exception {
        private final Path file;

        InUseException(Path file) {
            super("another process is writing " + file);
            this.file = file;
        }

        public Path file() {
            return file;
        }
    }

    /** Tells whether something else is there than a file that can be read again, such as a pipe or a device. */
    public static boolean isStream(Path file) {
        return Files.exists(file) && !Files.isRegularFile(file);
    }

    Path path() {
        return file;
    }

    /**
     * Marks the line of every answer in this file as answered. A file that does not exist holds no answers, and neither
     * does a stream.
     *
     * @throws IllegalArgumentException if a line of the file does not answer a line of this batch
     */
    public void read(BatchInput input, LineStates states) throws IOException {
        if (Files.notExists(file) || isStream(file)) {
            return;
        }
        bytes = Files.size(file);
        int last = 0;
        try (LineReader reader = new LineReader(Files.newInputStream(file), LineReader.MAX_BYTES)) {
            for (LineReader.Line line = reader.next(); line != null && line.complete(); line = reader.next()) {
                if (!line.isBlank()) {
                    Answer answer = parse(line);
                    int number = numberOf(answer, line, input);
                    if (replacesFailed && !answer.ok()) {
                        hasFailed = true;
                    } else {
                        states.markAnswered(number, answer.ok());
                        inOrder &= number > last;
                        last = number;
                    }
                }
                completeBytes = line.end();
            }
        }
    }

    /**
     * Marks the line of every answer in the first bytes of a file as answered.
     *
     * @param bytes the most bytes to read. A line that ends behind them does not count, nor does one that is torn, or
     *     what follows bytes that a power failure has spoilt.
     * @return the size of the answers that count
     */
    static long read(Path file, long bytes, BatchInput input, LineStates states) throws IOException {
        AnswerFile segment = new AnswerFile(file);
        long counted = 0;
        try (LineReader reader = new LineReader(Files.newInputStream(file), LineReader.MAX_BYTES)) {
            LineReader.Line line = reader.next();
            while (line != null && line.complete() && line.end() <= bytes) {
                Answer answer = segment.parse(line);
                states.markAnswered(segment.numberOf(answer, line, input), answer.ok(), answer.tokens());
                counted = line.end();
                line = reader.next();
            }
        } catch (IllegalArgumentException noAnswer) {
            LOG.atDebug()
                    .addKeyValue("file", file)
                    .addKeyValue("bytes", counted)
                    .setCause(noAnswer)
                    .log("Answers of a file not counted behind the first bytes");
        }
        return counted;
    }

    private int numberOf(Answer answer, LineReader.Line line, BatchInput input) {
        int number = input.lineOf(answer.customId());
        if (number == 0) {
            throw new IllegalArgumentException(file + " line " + line.number() + " answers \""
                    + BinaryContent.printable(answer.customId()) + "\", which is not in " + input.name()
                    + "; resume with the file of the earlier run, or name another one for the answers");
        }
        return number;
    }

    private Answer parse(LineReader.Line line) {
        String problem = file + " line " + line.number()
                + " is no answer that sluice has written; resume with the file of the earlier run, or name another one"
                + " for the answers";
        try (JsonParser parser = MAPPER.createParser(line.bytes())) {
            Answer answer = parse(parser);
            if (answer == null) {
                throw new IllegalArgumentException(problem);
            }
            return answer;
        } catch (JacksonException notJson) {
            throw new IllegalArgumentException(problem, notJson);
        }
    }

    private static @Nullable Answer parse(JsonParser parser) {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            return null;
        }
        String customId = null;
        boolean ok = false;
        Response response = Response.NONE;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("custom_id") && value == JsonToken.VALUE_STRING) {
                customId = parser.getString();
            }
            ok |= name.equals("error") && value == JsonToken.VALUE_NULL;
            if (name.equals("response") && value == JsonToken.START_OBJECT) {
                response = response(parser);
            }
            parser.skipChildren();
        }
        return customId == null ? null : new Answer(customId, ok && !response.isRefused(), response.tokens());
    }

    /** Reads whether the API has rejected the request. In its own form of an answer that is no error of the line. */
    private static Response response(JsonParser parser) {
        boolean isRefused = false;
        AnswerTokens tokens = AnswerTokens.NONE;
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            isRefused |= name.equals("status_code")
                    && value == JsonToken.VALUE_NUMBER_INT
                    && parser.getLongValue() >= FIRST_ERROR_STATUS;
            if (name.equals("body") && value == JsonToken.START_OBJECT) {
                tokens = AnswerTokens.read(parser);
            }
            parser.skipChildren();
        }
        return new Response(isRefused, tokens);
    }

    /** Tells whether the answers that were read are in the order of the batch. */
    public boolean isInOrder() {
        return inOrder;
    }

    /**
     * Continues the file after its last complete line. The file is locked until the stream is closed or the process
     * ends. A stream is written to as it is.
     */
    public OutputStream open() throws IOException, InUseException {
        if (isStream(file)) {
            return Files.newOutputStream(file, StandardOpenOption.WRITE);
        }
        FileChannel opened = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (opened.tryLock() == null || opened.size() != bytes) {
                throw new InUseException(file);
            }
            channel = hasFailed ? withoutFailed(opened) : opened;
            channel.truncate(completeBytes);
            channel.position(completeBytes);
            return Channels.newOutputStream(channel);
        } catch (OverlappingFileLockException e) {
            opened.close();
            throw new IOException(file + " is opened twice", e);
        } catch (IOException | InUseException e) {
            opened.close();
            throw e;
        }
    }

    /** Puts a file without the failed answers in the place of this one, and closes this one. */
    private FileChannel withoutFailed(FileChannel opened) throws IOException, InUseException {
        Path place = file.toRealPath();
        Path draft = place.resolveSibling(place.getFileName() + ".tmp");
        Files.copy(place, draft, StandardCopyOption.COPY_ATTRIBUTES, StandardCopyOption.REPLACE_EXISTING);
        FileChannel kept = FileChannel.open(draft, StandardOpenOption.WRITE);
        try {
            if (kept.tryLock() == null) {
                throw new InUseException(file);
            }
            kept.truncate(0);
            completeBytes = copyOk(kept);
            kept.force(true);
            Files.move(draft, place, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            opened.close(); // its lock ends only now, so that no other process finds the file without one
            return kept;
        } catch (IOException | InUseException e) {
            kept.close();
            Files.deleteIfExists(draft);
            throw e;
        }
    }

    private long copyOk(FileChannel kept) throws IOException {
        // not closed, which would close the channel
        OutputStream out = new BufferedOutputStream(Channels.newOutputStream(kept));
        try (LineReader reader = new LineReader(Files.newInputStream(file), LineReader.MAX_BYTES)) {
            for (LineReader.Line line = reader.next(); line != null && line.complete(); line = reader.next()) {
                if (!line.isBlank() && parse(line).ok()) {
                    out.write(line.bytes());
                    out.write('\n');
                }
            }
        }
        out.flush();
        return kept.position();
    }

    /** Returns when everything that was written is on the disk, safe from a power failure. */
    public void force() throws IOException {
        if (channel != null) {
            channel.force(true);
        }
    }
}
