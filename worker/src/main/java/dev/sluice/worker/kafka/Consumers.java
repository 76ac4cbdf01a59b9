package dev.sluice.worker.kafka;

import dev.sluice.worker.intake.BundleAssignor;
import dev.sluice.worker.intake.PollRecovery;
import dev.sluice.worker.intake.RebalanceHandler;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/** How the consumers of a worker are set up. */
public final class Consumers {
    /** What a dead worker held is served again after this; Kafka's own default of 45 s is long for a queue. */
    private static final int SESSION_TIMEOUT_MILLIS = 10_000;

    /** Small, since what the consumer keeps of paused partitions is not counted into the bounds of the worker. */
    private static final int MAX_PARTITION_FETCH_BYTES = 256 << 10;

    /** How long added partitions go unnoticed; five minutes by Kafka's own default, while producers write to them. */
    private static final int METADATA_MAX_AGE_MILLIS = 30_000;

    private static final int MAX_FETCH_BYTES = 8 << 20;
    public static final int MAX_POLL_RECORDS = 500;
    /** Between two polls, where no rebalance callback waits for calls. */
    private static final Duration POLL_INTERVAL = Duration.ofMinutes(5);

    private Consumers() {}

    /**
     * A consumer that can join the group.
     *
     * @param kafka the user's properties; they win over our defaults, and never over what the guarantees rest on
     * @param clientId by which the group's description names this worker
     * @param drainTimeout what a rebalance callback may wait for calls to end
     */
    public static Consumer<byte[], byte[]> joining(
            Map<String, Object> kafka,
            String group,
            String clientId,
            Optional<String> instanceId,
            Duration drainTimeout) {
        Map<String, Object> config = config(kafka, instanceId, drainTimeout);
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId);
        return consumer(config, group);
    }

    public static Map<String, Object> config(
            Map<String, Object> kafka, Optional<String> instanceId, Duration drainTimeout) {
        Map<String, Object> config = new HashMap<>();
        config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MILLIS);
        config.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, METADATA_MAX_AGE_MILLIS);
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, MAX_PARTITION_FETCH_BYTES);
        config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, MAX_FETCH_BYTES);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
        long pollMillis = pollInterval(drainTimeout).toMillis();
        config.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, (int) Math.min(Integer.MAX_VALUE, pollMillis));
        config.putAll(kafka);
        instanceId.ifPresent(id -> config.put(CommonClientConfigs.GROUP_INSTANCE_ID_CONFIG, id));
        config.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, List.of(BundleAssignor.class));
        return config;
    }

    /**
     * How long a worker may take between two polls before its partitions are given to others. No stage that is well is
     * as long about one round, whatever it waits for: a broker that is away is waited for in pieces of seconds.
     */
    public static Duration pollInterval(Duration drainTimeout) {
        return POLL_INTERVAL.plus(RebalanceHandler.longest(drainTimeout));
    }

    /** A consumer outside of the group that hands over one record at a time: see {@link PollRecovery}. */
    public static Consumer<byte[], byte[]> oneByOne(Map<String, Object> kafka, String group) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, MAX_PARTITION_FETCH_BYTES);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        return consumer(config, group);
    }

    /** A consumer that names the group without joining it, to read what is committed. */
    public static Consumer<byte[], byte[]> reading(Map<String, Object> kafka, String group) {
        return consumer(new HashMap<>(kafka), group);
    }

    private static Consumer<byte[], byte[]> consumer(Map<String, Object> config, String group) {
        config.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        config.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, GroupProtocol.CLASSIC.name());
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }
}
