package dev.sluice.worker.batch;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.json.JsonMapper;

/** A file of answers: what an earlier run has written into it, and its continuation. */
public final class AnswerFile {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final Path file;
    private long bytes;
    /** Without a last line that was torn off. */
    private long wholeBytes;

    private boolean inOrder = true;
    private @Nullable FileChannel written;

    public AnswerFile(Path file) {
        this.file = file;
    }

    /** The two things of an answer that a resumed run has to know. */
    private record Answer(String customId, boolean ok) {}

    /**
     * Notes every answer in the ledger; a file that does not exist has none.
     *
     * @throws IllegalArgumentException naming the line that answers nothing of this batch
     */
    public void read(BatchInput input, LineStates ledger) throws IOException {
        if (Files.notExists(file)) {
            return;
        }
        bytes = Files.size(file);
        int last = 0;
        try (LineReader reader = new LineReader(Files.newInputStream(file), Integer.MAX_VALUE - 9)) {
            for (LineReader.Line line = reader.next(); line != null && line.complete(); line = reader.next()) {
                if (!line.isBlank()) {
                    Answer answer = parse(line);
                    int number = numberOf(answer, line, input);
                    ledger.answered(number, answer.ok());
                    inOrder &= number > last;
                    last = number;
                }
                wholeBytes = line.end();
            }
        }
    }

    private int numberOf(Answer answer, LineReader.Line line, BatchInput input) {
        int number = input.number(answer.customId());
        if (number == 0) {
            throw new IllegalArgumentException(file + " line " + line.number() + " answers \""
                    + BinaryContent.printable(answer.customId()) + "\", which is not in " + input.name()
                    + "; resume with the file of the earlier run, or name another one for the answers");
        }
        return number;
    }

    private Answer parse(LineReader.Line line) {
        String problem = file + " line " + line.number()
                + " is no answer that sluice has written; resume with the file of the earlier run, or name another one for"
                + " the answers";
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
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            if (name.equals("custom_id") && value == JsonToken.VALUE_STRING) {
                customId = parser.getString();
            }
            ok |= name.equals("error") && value == JsonToken.VALUE_NULL;
            parser.skipChildren();
        }
        return customId == null ? null : new Answer(customId, ok);
    }

    /** Whether what was read has the order of the batch. */
    public boolean isInOrder() {
        return inOrder;
    }

    public boolean isEmpty() {
        return bytes == 0;
    }

    /** Someone else is writing, or has written since it was read. */
    public static final class InUseException extends Exception {
        InUseException(Path file) {
            super("another 'sluice submit' is writing " + file + "; let it end, then --resume");
        }
    }

    /** Returns when what was written is on the disk, where no power failure takes it away. */
    public void force() throws IOException {
        if (written != null) {
            written.force(true);
        }
    }

    /** Continues the file behind its last whole line. It is locked until the stream is closed, or the process is gone. */
    public OutputStream open() throws IOException, InUseException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (channel.tryLock() == null || channel.size() != bytes) {
                throw new InUseException(file);
            }
            channel.truncate(wholeBytes);
            channel.position(wholeBytes);
            written = channel;
            return Channels.newOutputStream(channel);
        } catch (OverlappingFileLockException ours) {
            channel.close();
            throw new IOException(file + " is opened twice", ours);
        } catch (IOException | InUseException failed) {
            channel.close();
            throw failed;
        }
    }
}
