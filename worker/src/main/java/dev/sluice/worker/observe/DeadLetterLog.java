package dev.sluice.worker.observe;

import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.text.PrintableText;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Logs how many requests have ended as dead letters, and with what words the last of them did. There is one line per
 * model and minute, the first one at once. Thread-safe.
 */
public final class DeadLetterLog {
    private static final Logger log = LoggerFactory.getLogger(DeadLetterLog.class);
    private static final long INTERVAL_MILLIS = Duration.ofMinutes(1).toMillis();
    /** Model names come from outside. Those beyond this number share a line. */
    private static final int MAX_MODELS = 100;

    private static final int MAX_WORDS = 300;
    private static final String OTHERS = "others";

    private final Map<String, Count> counts = new HashMap<>();

    /** The dead letters of one model since its last line. */
    private static final class Count {
        private int requests;
        private long since;
        private long dueAt;
        private String words = "";
    }

    /**
     * Counts an outcome if it is a dead letter.
     *
     * @param model the model of the request; empty if the record is no request
     */
    public void ended(String model, Outcome outcome, long nowMillis) {
        if (outcome instanceof Outcome.DeadLetter dead) {
            count(model, dead, nowMillis);
            logIfDue(nowMillis);
        }
    }

    private synchronized void count(String model, Outcome.DeadLetter dead, long nowMillis) {
        boolean isKnown = counts.containsKey(model) || counts.size() < MAX_MODELS;
        Count count = counts.computeIfAbsent(isKnown ? model : OTHERS, absent -> new Count());
        if (count.requests == 0) {
            count.since = nowMillis;
        }
        count.requests++;
        count.words = dead.reason().word() + (dead.lastError().isEmpty() ? "" : ", " + dead.lastError()) + ": "
                + PrintableText.unquoted(dead.message());
    }

    /** Logs what is due. Must be called now and then, since the last dead letters of a minute have no successor. */
    public synchronized void logIfDue(long nowMillis) {
        counts.forEach((model, count) -> {
            if (count.requests > 0 && nowMillis >= count.dueAt) {
                log.atWarn()
                        .addKeyValue("model", PrintableText.line(model, MAX_WORDS))
                        .addKeyValue("requests", count.requests)
                        .addKeyValue(
                                "seconds",
                                Duration.ofMillis(nowMillis - count.since).toSeconds())
                        .addKeyValue("last", PrintableText.line(count.words, MAX_WORDS))
                        .log("Requests ended as dead letters");
                count.requests = 0;
                count.dueAt = nowMillis + INTERVAL_MILLIS;
            }
        });
        counts.values().removeIf(count -> count.requests == 0 && nowMillis >= count.dueAt);
    }
}
