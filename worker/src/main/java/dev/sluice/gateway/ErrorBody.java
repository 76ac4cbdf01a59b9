package dev.sluice.gateway;

import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Makes the errors of the door in OpenAI's form, which clients turn into exceptions by their status. Stateless. */
final class ErrorBody {
    /** Tells OpenAI's clients not to send the request again, whatever the status says to them. */
    static final String SHOULD_RETRY = "x-should-retry";

    static final String RETRY_AFTER = "retry-after";

    private static final JsonMapper MAPPER = JsonMapper.shared();

    private ErrorBody() {}

    /**
     * Returns an error that the caller has to mend.
     *
     * @param param the field at fault, if there is one
     */
    static HttpAnswer invalid(int status, String code, @Nullable String param, String message) {
        return answer(status, "invalid_request_error", code, param, message);
    }

    /** Returns an error that the same request may not meet a little later. */
    static HttpAnswer busy(int status, String code, String message, int retryAfterSeconds) {
        String type = status == 429 ? "rate_limit_error" : "server_error";
        return answer(status, type, code, null, message).with(RETRY_AFTER, Integer.toString(retryAfterSeconds));
    }

    /** Returns an error that another try would meet again, since the queue has tried already. */
    static HttpAnswer ended(int status, String code, String message) {
        return answer(status, "server_error", code, null, message).with(SHOULD_RETRY, "false");
    }

    private static HttpAnswer answer(int status, String type, String code, @Nullable String param, String message) {
        return new HttpAnswer(status, HttpAnswer.JSON, Map.of(), json(type, code, param, message), code);
    }

    private static byte[] json(String type, String code, @Nullable String param, String message) {
        ObjectNode error = MAPPER.createObjectNode();
        error.put("message", message);
        error.put("type", type);
        error.put("param", param);
        error.put("code", code);
        return MAPPER.writeValueAsBytes(MAPPER.createObjectNode().set("error", error));
    }
}
