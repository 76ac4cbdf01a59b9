package dev.sluice.worker.settle;

import dev.sluice.worker.outcome.Outcome;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Writes the value of a failed reply. It has the shape of the API's own errors, so that a client needs one parser. */
final class FailedReplyBody {
    private static final JsonMapper JSON = JsonMapper.shared();

    private FailedReplyBody() {}

    static byte[] of(Outcome.DeadLetter dead) {
        ObjectNode root = JSON.createObjectNode();
        ObjectNode error = root.putObject("error");
        error.put("message", dead.message());
        error.put("type", dead.reason().word());
        error.putNull("param");
        error.put("code", dead.lastError().isEmpty() ? null : dead.lastError());
        return JSON.writeValueAsBytes(root);
    }
}
