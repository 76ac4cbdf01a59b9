package dev.sluice.worker;

import dev.sluice.wire.Topics;
import dev.sluice.worker.pace.ConfiguredLimit;
import dev.sluice.worker.pace.ConfiguredLimits;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * Everything a worker is told. Immutable; the constructor refuses what cannot work, with all problems in one message.
 *
 * @param topics the names of all topics
 * @param group the consumer group that the workers of one queue share
 * @param limits what is known of the limit of each model; {@code *} stands for every model without one of its own; the
 *     rest is found out
 * @param maxInFlight most calls under way at once in this worker
 * @param callTimeout total deadline of one call, body included
 * @param maxAttempts the failed call with this number makes a dead letter
 * @param maxAge oldest request that is still called, counted from its first record; before its first call from its
 *     not-before where that is later
 * @param drainTimeout how long calls under way may finish when a partition is revoked or the worker stops
 * @param instanceId static membership and a stable transactional id; unique among the running workers of a group
 * @param replyTopics whole-name patterns of topics a request may name for its reply, besides {@link Topics#replies()}
 * @param readAhead most requests this worker has read and not yet ended
 * @param readAheadBytes most bytes of requests this worker has read and not yet ended, and of answers not yet committed
 * @param cacheBytes most memory for answers that requests may share; with 0 none is kept, and no call is shared
 * @param maxRequestBytes largest body of a request that is parsed and called; a larger one is a dead letter
 * @param maxResponseBytes largest answer that is accepted from the API
 * @param baseUrl the API up to and without {@code /chat/completions}
 * @param apiKey asked before every call; never logged
 * @param kafka properties for every Kafka client, {@code bootstrap.servers} among them
 */
public record WorkerConfig(
        Topics topics,
        String group,
        Map<String, ConfiguredLimit> limits,
        int maxInFlight,
        Duration callTimeout,
        int maxAttempts,
        Optional<Duration> maxAge,
        Duration drainTimeout,
        Optional<String> instanceId,
        List<Pattern> replyTopics,
        int readAhead,
        long readAheadBytes,
        long cacheBytes,
        int maxRequestBytes,
        int maxResponseBytes,
        URI baseUrl,
        Supplier<String> apiKey,
        Map<String, Object> kafka) {

    /** The limit of every model without one of its own. */
    public static final String ANY_MODEL = "*";

    public WorkerConfig {
        limits = Map.copyOf(limits);
        replyTopics = List.copyOf(replyTopics);
        kafka = Map.copyOf(kafka);
        List<String> problems = new ArrayList<>();
        require(problems, !group.isBlank(), "group", group, "a name");
        require(problems, maxInFlight >= 1 && maxInFlight <= 100_000, "max-in-flight", maxInFlight, "1 to 100000");
        require(problems, isPositive(callTimeout), "call-timeout", callTimeout, "more than zero");
        require(problems, maxAttempts >= 1, "max-attempts", maxAttempts, "1 or more");
        maxAge.ifPresent(age -> require(problems, isPositive(age), "max-age", age, "more than zero"));
        require(problems, !drainTimeout.isNegative(), "drain-timeout", drainTimeout, "zero or more");
        instanceId.ifPresent(id -> require(
                problems, id.matches("[a-zA-Z0-9._-]{1,200}"), "instance-id", id, "letters, digits, '.', '_' or '-'"));
        require(problems, readAhead >= 1, "read-ahead", readAhead, "1 or more");
        require(problems, readAheadBytes >= 1, "read-ahead-bytes", readAheadBytes, "1 or more");
        require(problems, cacheBytes >= 0, "cache-bytes", cacheBytes, "0 or more");
        require(problems, maxRequestBytes >= 1, "max-request-bytes", maxRequestBytes, "1 or more");
        require(problems, maxResponseBytes >= 1, "max-response-bytes", maxResponseBytes, "1 or more");
        require(
                problems,
                ("http".equals(baseUrl.getScheme()) || "https".equals(baseUrl.getScheme()))
                        && baseUrl.getHost() != null,
                "base-url",
                baseUrl,
                "an http or https URL such as https://api.together.ai/v1");
        require(problems, kafka.containsKey("bootstrap.servers"), "bootstrap-servers", "absent", "host:port");
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    /** The limits, with that of {@link #ANY_MODEL} apart. */
    ConfiguredLimits limitsByModel() {
        Map<String, ConfiguredLimit> own = new HashMap<>(limits);
        ConfiguredLimit others = own.remove(ANY_MODEL);
        return new ConfiguredLimits(own, others == null ? ConfiguredLimit.UNKNOWN : others);
    }

    /** Without the values of Kafka's properties, among which are passwords; the key's source does not show the key. */
    @Override
    public String toString() {
        return "WorkerConfig[topics=" + topics + ", group=" + group + ", limits=" + limits + ", maxInFlight="
                + maxInFlight
                + ", callTimeout=" + callTimeout + ", maxAttempts=" + maxAttempts + ", maxAge=" + maxAge
                + ", drainTimeout=" + drainTimeout + ", instanceId=" + instanceId + ", replyTopics=" + replyTopics
                + ", readAhead=" + readAhead + ", readAheadBytes=" + readAheadBytes + ", cacheBytes="
                + cacheBytes + ", maxRequestBytes="
                + maxRequestBytes + ", maxResponseBytes=" + maxResponseBytes + ", baseUrl=" + baseUrl + ", kafka="
                + kafka.keySet() + "]";
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isNegative() && !duration.isZero();
    }

    private static void require(List<String> problems, boolean holds, String name, Object value, String remedy) {
        if (!holds) {
            // as the command line says it of its own options; a duration that is refused is never positive
            String typed = value.equals(Duration.ZERO) ? "0s" : value.toString();
            problems.add("--" + name + ": must be " + remedy + ", is '" + typed + "'");
        }
    }
}
