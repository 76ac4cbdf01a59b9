package dev.sluice.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.worker.status.StatusJson;
import java.time.Instant;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Makes the server-sent events of which the page consists. A value in JSON has no line end. Stateless. */
final class QueueEvents {
    private static final JsonMapper JSON = JsonMapper.shared();

    private QueueEvents() {}

    /**
     * Returns the state of the queue.
     *
     * @param last the last reading that succeeded, or null if none has yet
     * @param problem why the present state could not be read; empty if it could
     */
    static byte[] now(
            Instant at, String version, @Nullable QueueReading last, CallRates.PerSecond calls, String problem) {
        ObjectNode root = JSON.createObjectNode()
                .put("at", at.toString())
                .put("version", version)
                .put("problem", problem.isEmpty() ? null : problem);
        root.putObject("calls")
                .put("answered", calls.answered())
                .put("rate_limited", calls.rateLimited())
                .put("failed", calls.failed());
        root.set("status", last == null ? null : StatusJson.summary(last.status(), last.pool()));
        return event("now", root.toString());
    }

    /** Returns all samples, for a page that has none. */
    static byte[] history(List<QueueSample> samples) {
        return event("history", samples.stream().map(QueueSample::json).collect(Collectors.joining(",", "[", "]")));
    }

    /** Returns one more sample. */
    static byte[] sample(QueueSample sample) {
        return event("sample", sample.json());
    }

    /** Returns the state of a replay. */
    static byte[] replay(ReplayState state) {
        return event("replay", state.json().toString());
    }

    private static byte[] event(String name, String json) {
        return ("event: " + name + "\ndata: " + json + "\n\n").getBytes(UTF_8);
    }
}
