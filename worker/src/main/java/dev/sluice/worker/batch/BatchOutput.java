package dev.sluice.worker.batch;

import dev.sluice.ChatError;
import dev.sluice.ChatReply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes the answers of a batch in the order in which they come, one JSON object per line: {@code
 * {"id":…,"custom_id":…,"response":{"status_code":…,"body":…},"error":…}}. The field {@code error} is null exactly if
 * the API has answered. The field {@code response} is null if the API was never reached.
 *
 * <p>Each line is handed to the operating system as a whole. A killed process therefore leaves complete lines and at
 * most one torn line at the end. Not thread-safe.
 */
public final class BatchOutput implements AutoCloseable {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final OutputStream answers;
    private final OutputStream errors;
    private boolean broken;

    /** Thrown when an answer could not be written. Nothing is written after it because it may have left a torn line. */
    public static final class BrokenException extends IOException {
        BrokenException(String message, @Nullable IOException cause) {
            super(message, cause);
        }
    }

    /**
     * An answer as it is written.
     *
     * @param line the line with its line end
     */
    record Answer(boolean ok, byte[] line) {}

    /** @param errors the stream for failed requests, which may be {@code answers} */
    public BatchOutput(OutputStream answers, OutputStream errors) {
        this.answers = answers;
        this.errors = errors;
    }

    static Answer answer(String customId, ChatReply reply) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (JsonGenerator json = MAPPER.createGenerator(line)) {
            json.writeStartObject();
            json.writeStringProperty("id", reply.id());
            json.writeStringProperty("custom_id", customId);
            writeResponse(json, reply);
            writeError(json, reply);
            json.writeEndObject();
        }
        line.write('\n');
        return new Answer(reply.ok(), line.toByteArray());
    }

    void write(Answer answer) throws BrokenException {
        if (broken) {
            throw new BrokenException("an earlier answer could not be written", null);
        }
        try {
            OutputStream out = answer.ok() ? answers : errors;
            out.write(answer.line());
            out.flush();
        } catch (IOException e) {
            broken = true;
            throw new BrokenException("an answer could not be written: " + e.getMessage(), e);
        }
    }

    private static void writeResponse(JsonGenerator json, ChatReply reply) {
        int status = reply.httpStatus().orElse(reply.ok() ? 200 : 0);
        if (status == 0) {
            json.writeNullProperty("response");
            return;
        }
        json.writeObjectPropertyStart("response");
        json.writeNumberProperty("status_code", status);
        json.writeName("body");
        writeBody(json, reply.body());
        json.writeEndObject();
    }

    /** Writes the body as it came, on one line. */
    static void writeBody(JsonGenerator json, byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        if (isJson(text)) {
            // in JSON a line end can only stand between tokens, where a space means the same
            json.writeRawValue(text.replace('\n', ' ').replace('\r', ' '));
        } else {
            json.writeString(text);
        }
    }

    private static boolean isJson(String text) {
        try {
            return !MAPPER.readTree(text).isMissingNode();
        } catch (JacksonException notJson) {
            return false;
        }
    }

    private static void writeError(JsonGenerator json, ChatReply reply) {
        if (reply.ok()) {
            json.writeNullProperty("error");
            return;
        }
        json.writeObjectPropertyStart("error");
        json.writeStringProperty("code", reply.reason().orElse("unknown"));
        json.writeStringProperty(
                "message", reply.error().map(ChatError::message).orElse(""));
        json.writeEndObject();
    }

    @Override
    public void close() throws IOException {
        try (answers;
                errors) {
            if (!broken) {
                answers.flush();
            }
        }
    }
}
