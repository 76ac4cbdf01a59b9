package dev.sluice;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;

/**
 * The properties of the Kafka clients behind a queue and a reply consumer: the user's, where a client knows them (so that
 * it does not complain of those meant for another), under the ones our promises rest on. Stateless.
 */
final class ClientProperties {
    /** How long a full buffer or missing metadata blocks a caller; Kafka's own minute is too long for a service. */
    private static final int MAX_BLOCK_MS = 5_000;

    /**
     * A property that is ours.
     *
     * @param value what it is; null where it can't be given at all
     */
    private record Fixed(@Nullable String value, String reason) {}

    private static final Map<String, Fixed> FIXED = Map.ofEntries(
            Map.entry(ProducerConfig.ACKS_CONFIG, new Fixed("all", "so that no request is lost")),
            Map.entry(
                    ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                    new Fixed("true", "so that a retry publishes nothing twice")),
            Map.entry(ProducerConfig.TRANSACTIONAL_ID_CONFIG, new Fixed(null, "requests are not sent in transactions")),
            Map.entry(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, new Fixed(null, "use maxBodyBytes()")),
            Map.entry(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, new Fixed(null, "keys are bytes")),
            Map.entry(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, new Fixed(null, "bodies are bytes")),
            Map.entry(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, new Fixed(null, "keys are bytes")),
            Map.entry(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, new Fixed(null, "bodies are bytes")),
            Map.entry(
                    ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                    new Fixed("read_committed", "so that each request is seen to end once")),
            Map.entry(
                    ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, new Fixed("earliest", "so that no reply is passed over")),
            Map.entry(
                    ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                    new Fixed("false", "so that nothing is committed before it was handled")),
            Map.entry(
                    ConsumerConfig.GROUP_ID_CONFIG,
                    new Fixed(null, "a queue reads its replies without one, a ReplyConsumer has group()")));

    private ClientProperties() {}

    /** What the user may not set, each with the reason. */
    static List<String> refused(Map<String, ?> kafka) {
        List<String> refused = new ArrayList<>();
        kafka.keySet().stream().sorted().forEach(name -> {
            Fixed fixed = FIXED.get(name);
            if (fixed != null && !String.valueOf(kafka.get(name)).equals(fixed.value())) {
                String is = fixed.value() == null ? "" : "is always " + fixed.value() + ", ";
                refused.add("Kafka property " + name + " can't be set: " + is + fixed.reason());
            }
        });
        return refused;
    }

    /** What was said expressly, else what a client configuration file says, else this machine. */
    static String servers(@Nullable String said, Map<String, ?> kafka) {
        if (said != null) {
            return said;
        }
        Object configured = kafka.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG);
        return configured == null ? "localhost:9092" : configured.toString();
    }

    /** For a producer of requests. */
    static Map<String, Object> producer(QueueSettings settings) {
        Map<String, Object> properties = known(settings.kafka(), ProducerConfig.configNames());
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrapServers());
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        // With more, a leader that is a moment old may refuse the first batch and take the second one, and would then
        // never take the first (KAFKA-15591)
        properties.putIfAbsent(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, maxBlockMillis(settings.kafka()));
        properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, settings.maxRequestBytes());
        return properties;
    }

    /** For the consumer that reads the replies to one queue's asks. */
    static Map<String, Object> inbox(QueueSettings settings) {
        return reader(settings.bootstrapServers(), settings.kafka());
    }

    /** For a member of a group that handles replies; few records at a time, so that a slow handler does not lose them. */
    static Map<String, Object> group(String bootstrapServers, String group, Map<String, Object> kafka) {
        Map<String, Object> properties = reader(bootstrapServers, kafka);
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        properties.putIfAbsent(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 50);
        return properties;
    }

    /** For the one look at whether the request topic exists. */
    static Map<String, Object> admin(QueueSettings settings) {
        Map<String, Object> properties = known(settings.kafka(), AdminClientConfig.configNames());
        properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrapServers());
        return properties;
    }

    /** How long a caller is blocked at most, in milliseconds. */
    static long maxBlockMillis(Map<String, Object> kafka) {
        Object own = kafka.get(ProducerConfig.MAX_BLOCK_MS_CONFIG);
        return own == null ? MAX_BLOCK_MS : Long.parseLong(own.toString().strip());
    }

    private static Map<String, Object> reader(String bootstrapServers, Map<String, Object> kafka) {
        Map<String, Object> properties = known(kafka, ConsumerConfig.configNames());
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return properties;
    }

    /** Drops what belongs to other clients only; what none of them knows may be for a plug-in and stays. */
    private static Map<String, Object> known(Map<String, Object> kafka, Set<String> names) {
        Set<String> others = new HashSet<>(ProducerConfig.configNames());
        others.addAll(ConsumerConfig.configNames());
        others.addAll(AdminClientConfig.configNames());
        others.removeAll(names);
        Map<String, Object> known = new HashMap<>(kafka);
        known.keySet().removeAll(others);
        return known;
    }
}
