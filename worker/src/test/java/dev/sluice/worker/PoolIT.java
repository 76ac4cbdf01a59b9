package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.pace.ConfiguredLimit;
import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.LaneReport;
import dev.sluice.worker.pool.WorkerReport;
import dev.sluice.worker.pool.WorkerReportJson;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests on a real Kafka what workers tell each other, and what they spend because of it. */
@Timeout(180)
class PoolIT {
    private static final Duration BOUND = Duration.ofSeconds(60);
    private static final double LIMIT = 40;

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final List<Worker> workers = new ArrayList<>();
    private final Map<String, WorkerReport> latest = new TreeMap<>();
    private TestQueue queue;
    private TogetherStandIn api;
    private KafkaConsumer<byte[], byte[]> reader;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
        reader = new KafkaConsumer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers(), "auto.offset.reset", "earliest"),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        reader.assign(List.of(new TopicPartition(queue.topics.workers(), 0)));
    }

    @AfterEach
    void close() {
        workers.forEach(Worker::close);
        reader.close();
        api.close();
        queue.close();
    }

    @Test
    void aWorkerSpendsWhatTheOthersDoNotNeed() throws Exception {
        start(2);
        await().atMost(BOUND).until(this::isDividedEvenly);

        queue.publishTo(0, 4_000, body("m", "?"));

        await().atMost(BOUND).until(() -> mostSpent() > 0.9 * LIMIT);
        assertThat(latest.values())
                .allSatisfy(report -> assertThat(report.bundles()).isLessThan(TestQueue.PARTITIONS));
    }

    @Test
    void aWorkerSaysThatItLeaves() throws Exception {
        start(2);
        await().atMost(BOUND).until(this::isDividedEvenly);

        workers.remove(0).close();

        await().atMost(BOUND).until(() -> bundles().equals(List.of(TestQueue.PARTITIONS)));
    }

    @Test
    void foreignRecordsDisturbNobody() throws Exception {
        start(2);
        try (KafkaProducer<byte[], byte[]> foreign = new KafkaProducer<>(
                Map.of("bootstrap.servers", kafka.bootstrapServers()),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            byte[] key = "stranger".getBytes(UTF_8);
            for (String value : List.of("", "[]", "no JSON", "{\"v\":99,\"bundles\":\"all\",\"lanes\":[[]]}")) {
                foreign.send(new ProducerRecord<>(queue.topics.workers(), key, value.getBytes(UTF_8)))
                        .get();
            }
        }
        queue.publishTo(0, 4_000, body("m", "?"));

        await().atMost(BOUND).until(() -> mostSpent() > 0.9 * LIMIT);
    }

    @Test
    void aQueueWithoutTheTopicWorksAndTakesPartOnceItIsThere() throws Exception {
        queue.delete(queue.topics.workers());
        start(2);
        queue.publishTo(0, 4_000, body("m", "?"));
        queue.awaitReplies(20);

        queue.create(List.of(queue.topics.workers()));

        await().atMost(BOUND).until(() -> mostSpent() > 0.9 * LIMIT);
    }

    private void start(int count) throws InterruptedException {
        for (int i = 0; i < count; i++) {
            workers.add(Worker.start(
                    queue.config(api.baseUrl(), Map.of("*", ConfiguredLimit.parse((int) LIMIT + "/s")), List.of())));
        }
    }

    private boolean isDividedEvenly() {
        return bundles().equals(List.of(TestQueue.PARTITIONS / 2, TestQueue.PARTITIONS / 2));
    }

    /** Returns how many bundles each of the workers owns. */
    private List<Integer> bundles() {
        return read().values().stream().map(WorkerReport::bundles).toList();
    }

    private double mostSpent() {
        return read().values().stream()
                .flatMap(report -> report.lanes().stream())
                .map(LaneReport::requests)
                .filter(budget -> budget.source() == BudgetReport.Source.TOLD)
                .mapToDouble(BudgetReport::spent)
                .max()
                .orElse(0);
    }

    private Map<String, WorkerReport> read() {
        for (ConsumerRecord<byte[], byte[]> record : reader.poll(Duration.ofMillis(100))) {
            String name = record.key() == null ? "" : new String(record.key(), UTF_8);
            if (record.value() == null) {
                latest.remove(name);
            } else {
                WorkerReportJson.decode(record.value()).ifPresent(report -> latest.put(name, report));
            }
        }
        return latest;
    }
}
