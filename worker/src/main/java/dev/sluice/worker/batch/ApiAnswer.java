package dev.sluice.worker.batch;

import dev.sluice.ChatError;
import dev.sluice.ChatReply;
import dev.sluice.wire.Reason;
import java.io.ByteArrayOutputStream;
import java.util.Optional;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * Makes the lines of a batch's results in the form of OpenAI's API. A request that the API has rejected has a response,
 * as one that it has answered. An error is what a request has that did not reach it. A line that has failed also has
 * the request, which the API leaves out, so that a file of them is the input of another batch. Stateless.
 */
final class ApiAnswer {
    static final String EXPIRED = "batch_expired";
    static final String CANCELLED = "batch_cancelled";

    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final int FIRST_ERROR_STATUS = 400;
    private static final int OK = 200;

    private ApiAnswer() {}

    static BatchOutput.Answer ok(String id, String customId, ChatReply reply) {
        return line(true, id, customId, json -> {
            writeResponse(json, reply, reply.httpStatus().orElse(OK));
            json.writeNullProperty("error");
        });
    }

    static BatchOutput.Answer failed(String id, BatchLine request, ChatReply reply) {
        int status = reply.httpStatus().orElse(0);
        if (status < FIRST_ERROR_STATUS) {
            String message = reply.error().map(ChatError::message).orElse("the request has failed");
            return failed(id, request, code(reply.reason()), message);
        }
        return line(false, id, request.customId(), json -> {
            writeResponse(json, reply, status);
            json.writeNullProperty("error");
            writeRequest(json, request);
        });
    }

    /** Makes the line of a request that was not called, or whose call has ended without an answer. */
    static BatchOutput.Answer failed(String id, BatchLine request, String code, String message) {
        return line(false, id, request.customId(), json -> {
            json.writeNullProperty("response");
            json.writeObjectPropertyStart("error");
            json.writeStringProperty("code", code);
            json.writeStringProperty("message", message);
            json.writeEndObject();
            writeRequest(json, request);
        });
    }

    private static BatchOutput.Answer line(boolean ok, String id, String customId, Consumer<JsonGenerator> fields) {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        try (JsonGenerator json = MAPPER.createGenerator(line)) {
            json.writeStartObject();
            json.writeStringProperty("id", id.replaceFirst("^batch_", "batch_req_"));
            json.writeStringProperty("custom_id", customId);
            fields.accept(json);
            json.writeEndObject();
        }
        line.write('\n');
        return new BatchOutput.Answer(ok, line.toByteArray());
    }

    private static void writeResponse(JsonGenerator json, ChatReply reply, int status) {
        json.writeObjectPropertyStart("response");
        json.writeNumberProperty("status_code", status);
        json.writeStringProperty("request_id", reply.id());
        json.writeName("body");
        BatchOutput.writeBody(json, reply.body());
        json.writeEndObject();
    }

    private static void writeRequest(JsonGenerator json, BatchLine request) {
        json.writeStringProperty("method", "POST");
        json.writeStringProperty("url", "/v1/chat/completions");
        json.writeName("body");
        json.writeRawValue(request.body().replace('\r', ' ')); // which stands between tokens
    }

    private static String code(Optional<String> reason) {
        String word = reason.orElse("unknown");
        return word.equals(Reason.CANCELLED.word()) ? CANCELLED : word;
    }
}
