package dev.sluice.worker.batch;

import dev.sluice.ChatError;
import dev.sluice.ChatReply;
import dev.sluice.wire.Reason;
import java.io.ByteArrayOutputStream;
import java.util.Optional;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes the lines of a batch's output in the form of OpenAI's API. A request that the API has rejected has a response,
 * as one that it has answered. An error is what a request has that did not reach it. Stateless.
 */
final class ApiAnswer {
    static final String EXPIRED = "batch_expired";
    static final String CANCELLED = "batch_cancelled";

    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final int FIRST_ERROR_STATUS = 400;

    private ApiAnswer() {}

    static BatchOutput.Answer of(String id, String customId, ChatReply reply) {
        int status = reply.httpStatus().orElse(reply.ok() ? 200 : 0);
        if (!reply.ok() && status < FIRST_ERROR_STATUS) {
            String message = reply.error().map(ChatError::message).orElse("the request has failed");
            return failed(id, customId, code(reply.reason()), message);
        }
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (JsonGenerator json = begin(line, id, customId)) {
            json.writeObjectPropertyStart("response");
            json.writeNumberProperty("status_code", status);
            json.writeStringProperty("request_id", reply.id());
            json.writeName("body");
            BatchOutput.writeBody(json, reply.body());
            json.writeEndObject();
            json.writeNullProperty("error");
            json.writeEndObject();
        }
        line.write('\n');
        return new BatchOutput.Answer(reply.ok(), line.toByteArray());
    }

    /** Makes the line of a request that was not called, or whose call has ended without an answer. */
    static BatchOutput.Answer failed(String id, String customId, String code, String message) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (JsonGenerator json = begin(line, id, customId)) {
            json.writeNullProperty("response");
            json.writeObjectPropertyStart("error");
            json.writeStringProperty("code", code);
            json.writeStringProperty("message", message);
            json.writeEndObject();
            json.writeEndObject();
        }
        line.write('\n');
        return new BatchOutput.Answer(false, line.toByteArray());
    }

    private static JsonGenerator begin(ByteArrayOutputStream line, String id, String customId) {
        JsonGenerator json = MAPPER.createGenerator(line);
        json.writeStartObject();
        json.writeStringProperty("id", id.replaceFirst("^batch_", "batch_req_"));
        json.writeStringProperty("custom_id", customId);
        return json;
    }

    private static String code(Optional<String> reason) {
        String word = reason.orElse("unknown");
        return word.equals(Reason.EXPIRED.word()) ? EXPIRED : word.equals(Reason.CANCELLED.word()) ? CANCELLED : word;
    }
}
