package dev.sluice.worker;

import dev.sluice.wire.Topics;
import dev.sluice.worker.call.ApiProxy;
import dev.sluice.worker.pace.ConfiguredLimit;
import dev.sluice.worker.pace.ConfiguredLimits;
import dev.sluice.worker.provider.BaseUrlCheck;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The whole configuration of a worker, in groups. Immutable. The constructor refuses what cannot work and reports all
 * problems in one message.
 *
 * @param drainTimeout how long calls under way may go on when a partition is revoked or the worker stops
 */
public record WorkerConfig(Queue queue, Api api, Pacing pacing, Retries retries, Memory memory, Duration drainTimeout) {

    /** The name that stands for every model without a limit of its own. */
    public static final String ANY_MODEL = "*";

    /**
     * The queue on Kafka.
     *
     * @param topics the names of all topics
     * @param group the consumer group that the workers of one queue share
     * @param newGroup true if the group may begin anew on a queue that other groups have worked on
     * @param instanceId gives static membership and a stable transactional id; unique among the running workers of a
     *     group
     * @param replyTopics whole-name patterns of topics a request may name for its reply, besides {@link
     *     Topics#replies()}
     * @param kafka properties for every Kafka client, {@code bootstrap.servers} among them
     */
    public record Queue(
            Topics topics,
            String group,
            boolean newGroup,
            Optional<String> instanceId,
            List<Pattern> replyTopics,
            Map<String, Object> kafka) {
        public Queue {
            replyTopics = List.copyOf(replyTopics);
            kafka = Map.copyOf(kafka);
        }

        /** Creates the queue of a group that does not begin anew where others have worked. */
        public Queue(
                Topics topics,
                String group,
                Optional<String> instanceId,
                List<Pattern> replyTopics,
                Map<String, Object> kafka) {
            this(topics, group, false, instanceId, replyTopics, kafka);
        }

        /** Leaves out the values of Kafka's properties, among which are passwords. */
        @Override
        public String toString() {
            return "Queue[topics=" + topics + ", group=" + group + ", newGroup=" + newGroup + ", instanceId="
                    + instanceId + ", replyTopics=" + replyTopics + ", kafka=" + kafka.keySet() + "]";
        }
    }

    /**
     * The API that is called.
     *
     * @param baseUrl the URL up to and without {@code /chat/completions}
     * @param apiKey asked before every call; its value is never logged
     * @param callTimeout the total deadline of one call, body included
     * @param proxy the proxy on the way to the API
     * @param authorities certificates that are trusted besides those that the JVM trusts
     */
    public record Api(
            URI baseUrl,
            Supplier<String> apiKey,
            Duration callTimeout,
            Optional<ApiProxy> proxy,
            List<X509Certificate> authorities) {
        public Api {
            authorities = List.copyOf(authorities);
        }

        /** Makes the configuration of an API that is called directly, with the JVM's own trust. */
        public Api(URI baseUrl, Supplier<String> apiKey, Duration callTimeout) {
            this(baseUrl, apiKey, callTimeout, Optional.empty(), List.of());
        }

        /** Leaves out the source of the key. */
        @Override
        public String toString() {
            return "Api[baseUrl=" + baseUrl + ", callTimeout=" + callTimeout + ", proxy=" + proxy + "]";
        }
    }

    /**
     * The bounds on sending.
     *
     * @param limits the known limit of each model; {@link #ANY_MODEL} stands for every model without one of its own.
     *     The other limits are found out. Models with {@code +} between them have the limit in common, and so have all
     *     models by the name {@code all}
     * @param maxInFlight the most calls under way at once in this worker; one model has at most half of them, express
     *     calls apart
     * @param weights the weights of tenants whose weight is not 1
     */
    public record Pacing(Map<String, ConfiguredLimit> limits, int maxInFlight, Map<String, Integer> weights) {
        public Pacing {
            limits = Map.copyOf(limits);
            weights = Map.copyOf(weights);
        }

        /** Returns the limits with that of {@link #ANY_MODEL} and those of groups apart. */
        ConfiguredLimits limitsByModel() {
            Map<String, ConfiguredLimit> own = new HashMap<>(limits);
            ConfiguredLimit others = own.remove(ANY_MODEL);
            Map<String, ConfiguredLimit> groups = new HashMap<>(own);
            own.keySet().removeIf(ConfiguredLimits::isGroup);
            groups.keySet().removeAll(own.keySet());
            return new ConfiguredLimits(own, others == null ? ConfiguredLimit.UNKNOWN : others, groups);
        }
    }

    /**
     * The bounds after which a request is given up.
     *
     * @param maxAttempts the least number of failed calls that makes a dead letter
     * @param maxAge the oldest request that is still called, counted from its first record; before its first call from
     *     its not-before if that is later
     */
    public record Retries(int maxAttempts, Optional<Duration> maxAge) {}

    /**
     * The bounds on memory, in records and bytes.
     *
     * @param readAhead the most requests that this worker has read and not yet ended
     * @param readAheadBytes the most bytes of requests that this worker has read and not yet ended, and as much again
     *     for answers that are not committed yet
     * @param cacheBytes the most bytes of answers that requests may share; with 0 none is kept and no call is shared
     * @param maxRequestBytes the largest body of a request that is parsed and called; a larger one becomes a dead
     *     letter
     * @param maxResponseBytes the largest answer that is accepted from the API
     */
    public record Memory(
            int readAhead, long readAheadBytes, long cacheBytes, int maxRequestBytes, int maxResponseBytes) {}

    public WorkerConfig {
        List<String> problems = new ArrayList<>();
        require(problems, !queue.group.isBlank(), "group", queue.group, "a name");
        require(
                problems,
                pacing.maxInFlight >= 1 && pacing.maxInFlight <= 100_000,
                "max-in-flight",
                pacing.maxInFlight,
                "1 to 100000");
        require(problems, isPositive(api.callTimeout), "call-timeout", api.callTimeout, "more than zero");
        require(problems, retries.maxAttempts >= 1, "max-attempts", retries.maxAttempts, "1 or more");
        retries.maxAge.ifPresent(age -> require(problems, isPositive(age), "max-age", age, "more than zero"));
        require(problems, !drainTimeout.isNegative(), "drain-timeout", drainTimeout, "zero or more");
        queue.instanceId.ifPresent(id -> require(
                problems, id.matches("[a-zA-Z0-9._-]{1,200}"), "instance-id", id, "letters, digits, '.', '_' or '-'"));
        require(problems, memory.readAhead >= 1, "read-ahead", memory.readAhead, "1 or more");
        require(problems, memory.readAheadBytes >= 1, "read-ahead-bytes", memory.readAheadBytes, "1 or more");
        require(problems, memory.cacheBytes >= 0, "cache-bytes", memory.cacheBytes, "0 or more");
        require(problems, memory.maxRequestBytes >= 1, "max-request-bytes", memory.maxRequestBytes, "1 or more");
        require(problems, memory.maxResponseBytes >= 1, "max-response-bytes", memory.maxResponseBytes, "1 or more");
        BaseUrlCheck.problem(api.baseUrl).ifPresent(problem -> problems.add("--base-url: " + problem));
        require(problems, queue.kafka.containsKey("bootstrap.servers"), "bootstrap-servers", "absent", "host:port");
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
    }

    private static boolean isPositive(Duration duration) {
        return !duration.isNegative() && !duration.isZero();
    }

    private static void require(List<String> problems, boolean holds, String name, Object value, String remedy) {
        if (!holds) {
            // The command line words its own problems like this. A refused duration is never positive.
            String typed = value.equals(Duration.ZERO) ? "0s" : value.toString();
            problems.add("--" + name + ": must be " + remedy + ", is '" + typed + "'");
        }
    }
}
