package dev.sluice.trials.bench;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Lets the broker's JVM compile the code for transactions with offsets and for reads, with a topic of its own. A broker
 * that has just started takes processor time from the worker on the same machine, which a warm broker does not.
 */
final class BrokerWarmUp {
    private static final String TOPIC = "bench-warm-up";
    private static final int PARTITIONS = 12;
    private static final int TRANSACTIONS = 2_000;
    private static final int MOST_RECORDS = 40;
    private static final long MARKERS_MILLIS = 2;
    private static final byte[] VALUE = new byte[500];

    private BrokerWarmUp() {}

    /** Takes some seconds. */
    static void run(String bootstrapServers) throws InterruptedException {
        create(bootstrapServers);
        try (Producer<byte[], byte[]> producer = producer(bootstrapServers);
                Consumer<byte[], byte[]> consumer = consumer(bootstrapServers)) {
            producer.initTransactions();
            ConsumerGroupMetadata group = consumer.groupMetadata();
            for (int transaction = 0; transaction < TRANSACTIONS; transaction++) {
                producer.beginTransaction();
                for (int record = 0; record < 1 + transaction % MOST_RECORDS; record++) {
                    var unused = producer.send(new ProducerRecord<>(TOPIC, record % PARTITIONS, null, VALUE));
                }
                producer.sendOffsetsToTransaction(offsets(transaction), group);
                producer.commitTransaction();
                consumer.poll(Duration.ZERO);
                // leaves time for the markers: without it the next transaction waits for much longer
                Thread.sleep(MARKERS_MILLIS);
            }
        }
    }

    private static Map<TopicPartition, OffsetAndMetadata> offsets(long offset) {
        return IntStream.range(0, PARTITIONS)
                .boxed()
                .collect(Collectors.toMap(
                        partition -> new TopicPartition(TOPIC, partition), partition -> new OffsetAndMetadata(offset)));
    }

    private static void create(String bootstrapServers) throws InterruptedException {
        try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers))) {
            admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)))
                    .all()
                    .get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("cannot create " + TOPIC, e);
        }
    }

    private static Producer<byte[], byte[]> producer(String bootstrapServers) {
        return new KafkaProducer<>(
                Map.of(
                        ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ProducerConfig.TRANSACTIONAL_ID_CONFIG,
                        TOPIC,
                        ProducerConfig.RETRY_BACKOFF_MS_CONFIG,
                        5L),
                new ByteArraySerializer(),
                new ByteArraySerializer());
    }

    private static Consumer<byte[], byte[]> consumer(String bootstrapServers) {
        Consumer<byte[], byte[]> consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.GROUP_ID_CONFIG,
                        TOPIC,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false,
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> all = IntStream.range(0, PARTITIONS)
                .mapToObj(partition -> new TopicPartition(TOPIC, partition))
                .toList();
        consumer.assign(all);
        consumer.seekToBeginning(all);
        return consumer;
    }
}
