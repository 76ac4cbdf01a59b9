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
 * Builds the properties of the Kafka clients behind a queue and a reply consumer. The class is stateless.
 *
 * <p>Each client gets the user's properties that it knows, so that it does not warn about properties of other clients.
 * The properties that our promises rest on replace the user's.
 */
final class ClientProperties {
    /**
     * The time that a full buffer or missing metadata blocks a caller. Kafka's default of a minute is too long for a
     * service.
     */
    private static final int MAX_BLOCK_MS = 5_000;

    /**
     * A property that the user may not change.
     *
     * @param value its only allowed value, or null if it can't be given at all
     */
    private record FixedProperty(@Nullable String value, String reason) {}

    private static final Map<String, FixedProperty> FIXED = Map.ofEntries(
            Map.entry(ProducerConfig.ACKS_CONFIG, new FixedProperty("all", "so that no request is lost")),
            Map.entry(
                    ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                    new FixedProperty("true", "so that a retry publishes nothing twice")),
            Map.entry(
                    ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                    new FixedProperty(null, "requests are not sent in transactions")),
            Map.entry(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, new FixedProperty(null, "use maxBodyBytes()")),
            Map.entry(ProducerConfig.KEY_SERIALIZER_CLASS_CONFIG, new FixedProperty(null, "keys are bytes")),
            Map.entry(ProducerConfig.VALUE_SERIALIZER_CLASS_CONFIG, new FixedProperty(null, "bodies are bytes")),
            Map.entry(ConsumerConfig.KEY_DESERIALIZER_CLASS_CONFIG, new FixedProperty(null, "keys are bytes")),
            Map.entry(ConsumerConfig.VALUE_DESERIALIZER_CLASS_CONFIG, new FixedProperty(null, "bodies are bytes")),
            Map.entry(
                    ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                    new FixedProperty("read_committed", "so that each request is seen to end once")),
            Map.entry(
                    ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                    new FixedProperty("earliest", "so that no reply is passed over")),
            Map.entry(
                    ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                    new FixedProperty("false", "so that nothing is committed before it was handled")),
            Map.entry(
                    ConsumerConfig.GROUP_ID_CONFIG,
                    new FixedProperty(null, "a queue reads its replies without one, a ReplyConsumer has group()")));

    private ClientProperties() {}

    /** Returns a problem for each property that the user may not set. */
    static List<String> refused(Map<String, ?> kafka) {
        List<String> refused = new ArrayList<>();
        kafka.keySet().stream().sorted().forEach(name -> {
            FixedProperty fixed = FIXED.get(name);
            if (fixed != null && !String.valueOf(kafka.get(name)).equals(fixed.value())) {
                String is = fixed.value() == null ? "" : "is always " + fixed.value() + ", ";
                refused.add("Kafka property " + name + " can't be set: " + is + fixed.reason());
            }
        });
        return refused;
    }

    /** Returns the explicit servers, else the configured Kafka property, else this machine. */
    static String servers(@Nullable String explicit, Map<String, ?> kafka) {
        if (explicit != null) {
            return explicit;
        }
        Object configured = kafka.get(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG);
        return configured == null ? "localhost:9092" : configured.toString();
    }

    /** Returns the properties of the producer of requests. */
    static Map<String, Object> producer(QueueSettings settings) {
        Map<String, Object> properties = knownTo(settings.kafka(), ProducerConfig.configNames());
        properties.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrapServers());
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        // With more than one, a new leader may reject the first batch and accept the second. It would then never
        // accept the first (KAFKA-15591).
        properties.putIfAbsent(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        properties.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, maxBlockMillis(settings.kafka()));
        properties.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, settings.maxRequestBytes());
        return properties;
    }

    /**
     * Returns the properties of the consumer that reads the replies to one queue's asks. It throws where the log has no
     * record at its position, so that no reply is skipped unnoticed.
     */
    static Map<String, Object> inbox(QueueSettings settings) {
        Map<String, Object> properties = reader(settings.bootstrapServers(), settings.kafka());
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
        return properties;
    }

    /**
     * Returns the properties of a group member that handles replies. It reads few records per poll, so that a slow
     * handler does not lose its partitions.
     */
    static Map<String, Object> group(String bootstrapServers, String group, Map<String, Object> kafka) {
        Map<String, Object> properties = reader(bootstrapServers, kafka);
        properties.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        properties.putIfAbsent(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 50);
        return properties;
    }

    /** Returns the properties of the admin client that checks the request topic. */
    static Map<String, Object> admin(QueueSettings settings) {
        Map<String, Object> properties = knownTo(settings.kafka(), AdminClientConfig.configNames());
        properties.put(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, settings.bootstrapServers());
        return properties;
    }

    /** Returns the limit for blocking a caller in milliseconds. */
    static long maxBlockMillis(Map<String, Object> kafka) {
        Object own = kafka.get(ProducerConfig.MAX_BLOCK_MS_CONFIG);
        return own == null ? MAX_BLOCK_MS : Long.parseLong(own.toString().strip());
    }

    private static Map<String, Object> reader(String bootstrapServers, Map<String, Object> kafka) {
        Map<String, Object> properties = knownTo(kafka, ConsumerConfig.configNames());
        properties.put(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
        properties.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        properties.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        properties.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        properties.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return properties;
    }

    /**
     * Removes the properties that only other clients know. Unknown properties stay, because they may configure a
     * plug-in.
     */
    private static Map<String, Object> knownTo(Map<String, Object> kafka, Set<String> names) {
        Set<String> others = new HashSet<>(ProducerConfig.configNames());
        others.addAll(ConsumerConfig.configNames());
        others.addAll(AdminClientConfig.configNames());
        others.removeAll(names);
        Map<String, Object> known = new HashMap<>(kafka);
        known.keySet().removeAll(others);
        return known;
    }
}
