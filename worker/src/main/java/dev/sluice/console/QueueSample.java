package dev.sluice.console;

import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The numbers of a queue that are kept for an hour.
 *
 * @param at epoch milliseconds
 * @param calls the calls per second
 * @param waiting the requests that have not ended
 * @param dead the dead letters that were not replayed
 */
record QueueSample(long at, CallRates.PerSecond calls, long waiting, long dead) {
    private static final JsonMapper JSON = JsonMapper.shared();
    /** Rates are kept to a hundredth. */
    private static final double HUNDRED = 100.0;

    /** Returns the sample as a JSON array, the short form in which the page and the file have it. */
    String json() {
        return JSON.createArrayNode()
                .add(at)
                .add(rounded(calls.answered()))
                .add(rounded(calls.rateLimited()))
                .add(rounded(calls.failed()))
                .add(waiting)
                .add(dead)
                .toString();
    }

    private static double rounded(double rate) {
        return Math.round(rate * HUNDRED) / HUNDRED;
    }

    /** Reads what {@link #json} has written. Returns empty for anything else, such as a line that was not finished. */
    static Optional<QueueSample> parse(String json) {
        try {
            JsonNode array = JSON.readTree(json);
            if (!array.isArray() || array.size() < 6 || !array.valueStream().allMatch(JsonNode::isNumber)) {
                return Optional.empty();
            }
            CallRates.PerSecond calls = new CallRates.PerSecond(
                    array.get(1).asDouble(),
                    array.get(2).asDouble(),
                    array.get(3).asDouble());
            return Optional.of(new QueueSample(
                    array.get(0).asLong(),
                    calls,
                    array.get(4).asLong(),
                    array.get(5).asLong()));
        } catch (JacksonException notFinished) {
            return Optional.empty();
        }
    }
}
