package dev.sluice.worker.kafka;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.GroupProtocol;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Builds every Kafka client of the worker and of its commands.
 *
 * <table>
 * <caption>The kinds of clients</caption>
 * <tr><td>{@link #groupMember}</td><td>reads a worker's partitions as a member of its group</td></tr>
 * <tr><td>{@link #singleRecordReader}</td><td>reads one record per poll without joining the group</td></tr>
 * <tr><td>{@link #groupOffsetReader}</td><td>reads what a group has committed without joining it</td></tr>
 * <tr><td>{@link #scout}</td><td>looks ahead in partitions, at uncommitted records as well</td></tr>
 * <tr><td>{@link #reportReader}, {@link #reportWriter}</td><td>read and write what workers tell each other</td></tr>
 * <tr><td>{@link #pieceWriter}</td><td>writes the pieces of streamed answers</td></tr>
 * <tr><td>{@link #cancelReader}</td><td>reads the marks that cancel requests</td></tr>
 * <tr><td>{@link #topicReader}</td><td>reads partitions that its caller assigns</td></tr>
 * <tr><td>{@link #transactionalProducer}</td><td>writes each batch of outcomes or replays in a transaction</td></tr>
 * <tr><td>{@link #admin}</td><td>asks the broker for state and creates topics</td></tr>
 * </table>
 *
 * <p>Every consumer begins at the first record, and all but the scout read committed records only. A group's member
 * does not go on by itself where its position is gone. None of them commits offsets by itself
 * or creates topics. The user's properties win over our defaults but never over a setting that the guarantees rest on.
 */
public final class KafkaClients {
    /** The most records that one poll of a group's member returns, unless the user sets another number. */
    public static final int MAX_POLL_RECORDS = 500;

    // a dead worker's partitions move to others after this; Kafka's default of 45 s is long for a queue
    private static final int SESSION_TIMEOUT_MILLIS = 10_000;

    // small, since the bounds of the worker do not count what the consumer buffers of paused partitions
    private static final int MAX_PARTITION_FETCH_BYTES = 256 << 10;

    private static final int MAX_FETCH_BYTES = 8 << 20;

    // bounds how long added partitions go unnoticed while producers write to them; Kafka's default is five minutes
    private static final int METADATA_MAX_AGE_MILLIS = 30_000;

    /**
     * The time that a transaction may take. A dead worker's open transaction blocks every reader of committed records
     * for this long.
     */
    public static final Duration TRANSACTION_TIME = Duration.ofSeconds(10);

    // the pause after a transaction that came before the markers of the last one; Kafka's default is 100 ms
    private static final int RETRY_BACKOFF_MILLIS = 5;

    // how long a send waits for the metadata of a topic that does not exist
    private static final int MAX_BLOCK_MILLIS = 5_000;

    // a report that is older is worth nothing
    private static final int REPORT_MILLIS = 2_000;

    private KafkaClients() {}

    /**
     * Builds the consumer of a worker, which joins the group when it subscribes.
     *
     * @param kafka the user's properties
     * @param clientId names this worker in the description of the group
     * @param assignor distributes the partitions over the members
     * @param maxPollInterval how long the worker may take between two polls before the group gives its partitions to
     *     others
     */
    public static Consumer<byte[], byte[]> groupMember(
            Map<String, Object> kafka,
            String group,
            String clientId,
            Optional<String> instanceId,
            Class<? extends ConsumerPartitionAssignor> assignor,
            Duration maxPollInterval) {
        Map<String, Object> config = groupMemberDefaults(maxPollInterval);
        config.putAll(kafka);
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId);
        instanceId.ifPresent(id -> config.put(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG, id));
        config.put(ConsumerConfig.PARTITION_ASSIGNMENT_STRATEGY_CONFIG, List.of(assignor));
        // A position that does not exist is no place to go on from in silence: its records were deleted unread.
        return reader(inGroup(config, group), "none");
    }

    static Map<String, Object> groupMemberDefaults(Duration maxPollInterval) {
        Map<String, Object> config = new HashMap<>();
        config.put(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG, SESSION_TIMEOUT_MILLIS);
        config.put(ConsumerConfig.METADATA_MAX_AGE_CONFIG, METADATA_MAX_AGE_MILLIS);
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, MAX_PARTITION_FETCH_BYTES);
        config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, MAX_FETCH_BYTES);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
        int pollMillis = (int) Math.min(Integer.MAX_VALUE, maxPollInterval.toMillis());
        config.put(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG, pollMillis);
        return config;
    }

    /** Builds a consumer that never joins the group and whose every poll returns at most one record. */
    public static Consumer<byte[], byte[]> singleRecordReader(Map<String, Object> kafka, String group) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG, MAX_PARTITION_FETCH_BYTES);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, 1);
        return groupOffsetReader(config, group);
    }

    /** Builds a consumer that reads the committed offsets of a group and does not join it. */
    public static Consumer<byte[], byte[]> groupOffsetReader(Map<String, Object> kafka, String group) {
        return topicReader(inGroup(kafka, group));
    }

    private static Map<String, Object> inGroup(Map<String, Object> kafka, String group) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.GROUP_ID_CONFIG, group);
        config.put(ConsumerConfig.GROUP_PROTOCOL_CONFIG, GroupProtocol.CLASSIC.name());
        return config;
    }

    /**
     * Builds a consumer for partitions that the caller assigns and seeks.
     *
     * @param kafka the user's properties, with the sizes and the client id that the caller wants
     */
    public static Consumer<byte[], byte[]> topicReader(Map<String, Object> kafka) {
        return reader(kafka, "earliest");
    }

    /**
     * Builds a consumer that looks at what lies ahead in partitions that its caller assigns and seeks. It belongs to no
     * group and reads uncommitted records, too.
     */
    public static Consumer<byte[], byte[]> scout(Map<String, Object> kafka, String clientId) {
        Map<String, Object> config = groupMemberDefaults(Duration.ofMinutes(5));
        config.putAll(kafka);
        config.remove(ConsumerConfig.GROUP_ID_CONFIG);
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId + "-scout");
        return reader(config, "earliest", "read_uncommitted");
    }

    /**
     * Builds a consumer that reads the reports of workers, in no group and from where its caller seeks to. It reads
     * each at once, whatever the user has set for the requests.
     */
    public static Consumer<byte[], byte[]> reportReader(Map<String, Object> kafka, String clientId) {
        return reader(tail(kafka, clientId + "-pool"), "latest", "read_uncommitted");
    }

    /**
     * Builds a consumer that reads the marks which cancel requests, in no group and from where its caller seeks to. It
     * reads each at once, too.
     */
    public static Consumer<byte[], byte[]> cancelReader(Map<String, Object> kafka, String clientId) {
        return reader(tail(kafka, clientId + "-cancels"), "earliest");
    }

    private static Map<String, Object> tail(Map<String, Object> kafka, String clientId) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.remove(ConsumerConfig.GROUP_ID_CONFIG);
        config.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
        config.put(ConsumerConfig.FETCH_MIN_BYTES_CONFIG, 1);
        config.put(ConsumerConfig.MAX_POLL_RECORDS_CONFIG, MAX_POLL_RECORDS);
        config.put(ConsumerConfig.CLIENT_ID_CONFIG, clientId);
        return config;
    }

    /**
     * Builds a producer for the reports of a worker. They go in their order. One that Kafka does not take in time is
     * dropped, since the next one says more.
     */
    public static Producer<byte[], byte[]> reportWriter(Map<String, Object> kafka, String clientId) {
        return new KafkaProducer<>(
                adviceWriter(kafka, clientId + "-pool"), new ByteArraySerializer(), new ByteArraySerializer());
    }

    /**
     * Builds a producer for the pieces of streamed answers. They go in their order. One that Kafka does not take in
     * time is dropped, since the reply has the whole answer. The leader's own word suffices.
     */
    public static Producer<byte[], byte[]> pieceWriter(Map<String, Object> kafka, String clientId) {
        Map<String, Object> config = adviceWriter(kafka, clientId + "-pieces");
        config.put(ProducerConfig.ACKS_CONFIG, "1");
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static Map<String, Object> adviceWriter(Map<String, Object> kafka, String clientId) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ProducerConfig.CLIENT_ID_CONFIG, clientId);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        config.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, false);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, REPORT_MILLIS / 4);
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, REPORT_MILLIS / 2);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, REPORT_MILLIS);
        config.remove(ProducerConfig.TRANSACTIONAL_ID_CONFIG);
        return config;
    }

    private static Consumer<byte[], byte[]> reader(Map<String, Object> kafka, String offsetReset) {
        return reader(kafka, offsetReset, "read_committed");
    }

    private static Consumer<byte[], byte[]> reader(
            Map<String, Object> kafka, String offsetReset, String isolationLevel) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolationLevel);
        config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, offsetReset);
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** Builds a producer whose transactions may take {@link #TRANSACTION_TIME}. */
    public static Producer<byte[], byte[]> transactionalProducer(
            Map<String, Object> kafka, String transactionalId, int maxRecordBytes) {
        return transactionalProducer(kafka, transactionalId, maxRecordBytes, TRANSACTION_TIME);
    }

    /**
     * Builds a producer whose transactions end soon if it dies.
     *
     * @param kafka the user's properties
     * @param maxRecordBytes the largest record it has to carry; the topic's own limit decides below that
     * @param time how long a transaction may take. The user's properties win over {@link #TRANSACTION_TIME} only.
     */
    public static Producer<byte[], byte[]> transactionalProducer(
            Map<String, Object> kafka, String transactionalId, int maxRecordBytes, Duration time) {
        int millis = (int) time.toMillis();
        Map<String, Object> times = Map.of(
                ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, millis,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, millis,
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, millis / 2);
        Map<String, Object> config = new HashMap<>(times);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        // with more in flight, a batch overtakes one that was rejected while the last transaction's markers were
        // written, and is rejected for it in turn
        config.put(ProducerConfig.MAX_IN_FLIGHT_REQUESTS_PER_CONNECTION, 1);
        config.put(ProducerConfig.RETRY_BACKOFF_MS_CONFIG, RETRY_BACKOFF_MILLIS);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, MAX_BLOCK_MILLIS);
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, maxRecordBytes);
        config.putAll(kafka);
        if (!time.equals(TRANSACTION_TIME)) {
            config.putAll(times);
        }
        config.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId);
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
    }

    /**
     * Builds an admin client. Its calls have the timeouts of {@link AdminTimeouts}.
     *
     * @param kafka the user's properties
     */
    public static Admin admin(Map<String, Object> kafka) {
        return Admin.create(kafka);
    }
}
