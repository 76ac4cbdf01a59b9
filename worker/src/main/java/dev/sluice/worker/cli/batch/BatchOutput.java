package dev.sluice.worker.cli.batch;

import dev.sluice.ChatError;
import dev.sluice.ChatReply;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * Writes the answers of a batch in the order in which they come: {@code
 * {"id":…,"custom_id":…,"response":{"status_code":…,"body":…},"error":…}}. {@code error} is null exactly where the API has
 * answered; {@code response} is null where it was never reached.
 *
 * <p>Each line is handed to the system as a whole, so that a process that is killed leaves whole lines, but for a torn
 * last one. Not thread-safe.
 */
public final class BatchOutput implements AutoCloseable {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    private final OutputStream answers;
    private final OutputStream errors;

    /** @param errors where the failed ones go; may be {@code answers} */
    public BatchOutput(OutputStream answers, OutputStream errors) {
        this.answers = answers;
        this.errors = errors;
    }

    public void write(String customId, ChatReply reply) throws IOException {
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
        OutputStream out = reply.ok() ? answers : errors;
        out.write(line.toByteArray());
        out.flush();
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

    /** As it came, on one line: a line end in JSON can only stand between tokens, so a space means the same. */
    private static void writeBody(JsonGenerator json, byte[] body) {
        String text = new String(body, StandardCharsets.UTF_8);
        if (isJson(text)) {
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
            answers.flush();
        }
    }
}
