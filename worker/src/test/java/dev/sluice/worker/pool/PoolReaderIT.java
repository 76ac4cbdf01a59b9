package dev.sluice.worker.pool;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics;
import dev.sluice.worker.topics.TopicPlan;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests that a tool finds the workers that are alive, whatever its clock says and however much the topic holds. */
@Timeout(120)
class PoolReaderIT {
    /** Twice as many as one reading takes. */
    private static final int MANY = 40_000;

    private static final Duration SOON = Duration.ofSeconds(60);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final Topics topics = new Topics(kafka.uniqueName("pool"));
    private final Map<String, Object> properties = Map.of("bootstrap.servers", kafka.bootstrapServers());
    private final ScheduledExecutorService workers = Executors.newSingleThreadScheduledExecutor();
    private final AtomicLong sequence = new AtomicLong();
    private KafkaProducer<byte[], byte[]> producer;

    @BeforeEach
    void open() throws Exception {
        try (Admin admin = Admin.create(properties)) {
            List<NewTopic> planned = TopicPlan.of(topics).stream()
                    .filter(plan -> plan.name().equals(topics.workers()))
                    .map(plan -> new NewTopic(plan.name(), 1, (short) 1).configs(plan.settings()))
                    .toList();
            SandboxTopics.create(admin, planned);
        }
        producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    }

    @AfterEach
    void close() {
        workers.shutdownNow();
        producer.close(Duration.ZERO);
    }

    @Test
    void clocksThatDifferHideNoWorker() {
        report("w");
        producer.flush();
        var unusedList = producer.send(
                new ProducerRecord<>(topics.workers(), ModelsRecord.key(), "[{\"id\":\"m\"}]".getBytes(UTF_8)));
        var unused = workers.scheduleAtFixedRate(() -> report("w"), 0, 500, TimeUnit.MILLISECONDS);
        var unusedOfV = workers.scheduleAtFixedRate(() -> report("v"), 250, 500, TimeUnit.MILLISECONDS);

        for (Duration ahead : List.of(Duration.ofHours(1), Duration.ZERO, Duration.ofHours(-1))) {
            PoolReading reading = read(Instant.now().plus(ahead));

            assertThat(reading.workers()).as("ahead by " + ahead).containsOnlyKeys("v", "w");
            assertThat(reading.state()).isEqualTo(PoolReading.State.ALIVE);
        }
    }

    @Test
    void aToolWhoseClockIsLateReadsTheEndOfALongTopicOnly() {
        report("first");
        for (int i = 0; i < MANY; i++) {
            report("flood");
        }
        report("last");
        producer.flush();

        // What is too old by the count is not shown, though it is new by the clock.
        assertThat(read(Instant.now().minus(Duration.ofDays(7))).workers()).containsOnlyKeys("flood", "last");
    }

    @Test
    void theNextReadingGoesOnWhereTheLastHasStopped() {
        var unused = workers.scheduleAtFixedRate(() -> report("w"), 0, 500, TimeUnit.MILLISECONDS);
        try (PoolReader reader = new PoolReader(properties, "test", topics)) {
            await().atMost(SOON).until(() -> reader.read().workers().keySet().equals(Set.of("w")));
            var ofV = workers.scheduleAtFixedRate(() -> report("v"), 0, 500, TimeUnit.MILLISECONDS);
            await().atMost(SOON).until(() -> reader.read().workers().keySet().equals(Set.of("v", "w")));
            ofV.cancel(false);
            await().atMost(SOON).until(() -> reader.read().workers().keySet().equals(Set.of("w")));
            assertThat(reader.read().workers().get("w").sequence()).isGreaterThan(1);
        }
    }

    private PoolReading read(Instant now) {
        try (PoolReader reader = new PoolReader(properties, "test", topics, InstantSource.fixed(now))) {
            return reader.read();
        }
    }

    private void report(String worker) {
        byte[] report = ("{\"v\":1,\"seq\":" + sequence.incrementAndGet()
                        + ",\"valid_ms\":3000,\"bundles\":1,\"width\":4}")
                .getBytes(UTF_8);
        var unused = producer.send(new ProducerRecord<>(topics.workers(), worker.getBytes(UTF_8), report));
    }
}
