package dev.sluice.worker.settle;

import dev.sluice.worker.outcome.Outcome;
import org.jspecify.annotations.Nullable;
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
        error.put("type", firstOf(dead.said().type(), dead.reason().word()));
        error.put("param", firstOf(dead.said().param(), ""));
        error.put("code", firstOf(dead.said().code(), dead.lastError()));
        return JSON.writeValueAsBytes(root);
    }

    /** Returns the API's word, else our own, else null. */
    private static @Nullable String firstOf(String said, String own) {
        return !said.isEmpty() ? said : !own.isEmpty() ? own : null;
    }
}
