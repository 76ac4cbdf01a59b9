package dev.sluice.console;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * A replay at one moment. Immutable.
 *
 * @param person who has started it
 * @param ended when it ended, or null while it runs
 * @param planned the most letters that it sends
 * @param sent the letters that were sent and marked
 * @param tooLarge the letters that are too large for the topic of requests
 * @param problem why it has not sent all; empty if it has, or still runs
 */
record ReplayState(
        String person,
        Instant started,
        @Nullable Instant ended,
        long planned,
        long sent,
        long tooLarge,
        String problem) {
    static ReplayState started(String person, Instant now, long planned) {
        return new ReplayState(person, now, null, planned, 0, 0, "");
    }

    boolean isRunning() {
        return ended == null;
    }

    /** Returns the state after so many letters. */
    ReplayState sent(long letters) {
        return new ReplayState(person, started, ended, planned, letters, tooLarge, problem);
    }

    ReplayState ended(Instant now, long letters, long large, String why) {
        return new ReplayState(person, started, now, planned, letters, large, why);
    }

    ObjectNode json() {
        return JsonMapper.shared()
                .createObjectNode()
                .put("person", person)
                .put("started", started.toString())
                .put("ended", ended == null ? null : ended.toString())
                .put("planned", planned)
                .put("sent", sent)
                .put("too_large", tooLarge)
                .put("problem", problem.isEmpty() ? null : problem);
    }
}
