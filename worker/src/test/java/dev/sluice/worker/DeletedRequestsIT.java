package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.worker.intake.DeletedRequests;
import dev.sluice.worker.observe.PrometheusPage;
import io.opentelemetry.api.OpenTelemetry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests requests that Kafka deletes before a worker has read them, as retention does. */
class DeletedRequestsIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final String DELETED = "Requests deleted by Kafka before they were read";

    private TestQueue queue;
    private TogetherStandIn api;
    private TopicPartition partition;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
        partition = new TopicPartition(queue.topics.requests(), 1);
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    @Test
    void whatWasDeletedWhileNoWorkerRanIsCountedAndLogged() throws Exception {
        publish(5, "text");
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(5);
            await().until(() -> queue.lag() == 0);
        }
        publish(7, "text");
        deleteUpTo(9);

        try (LogLines log = new LogLines(DeletedRequests.class);
                PrometheusPage page = new PrometheusPage("1")) {
            Worker worker = Worker.start(queue.config(api.baseUrl()), page.metrics(), OpenTelemetry.noop());
            try (worker) {
                queue.awaitReplies(8);
                await().until(() -> queue.lag() == 0);
                assertThat(deleted(page)).contains("sluice_deleted_requests_total 4.0");
            }
            assertThat(deletions(log)).hasSize(1);
            assertThat(deletions(log).get(0))
                    .contains(
                            partition.toString(), "atMost=\"4\"", "fromOffset=\"5\"", "toOffset=\"8\"", "retention.ms");
        }
        assertThat(api.calls()).isEqualTo(8);
    }

    @Test
    void whatIsDeletedBeforeARunningWorkerReadsItIsCountedToo() throws Exception {
        api.update(settings -> settings.withLatency(LatencyModel.fixed(Duration.ofSeconds(2))));
        publish(30, "x".repeat(90_000));
        WorkerConfig config = queue.config(api.baseUrl());
        WorkerConfig.Memory memory = config.memory();
        WorkerConfig small = new WorkerConfig(
                config.queue(),
                config.api(),
                config.pacing(),
                config.retries(),
                new WorkerConfig.Memory(1, 64L << 20, 0, memory.maxRequestBytes(), memory.maxResponseBytes()),
                config.drainTimeout());

        try (LogLines log = new LogLines(DeletedRequests.class);
                Worker worker = Worker.start(small)) {
            await().atMost(Duration.ofSeconds(30)).until(() -> api.openCalls() > 0);
            deleteUpTo(28);
            await().atMost(Duration.ofSeconds(60)).until(() -> queue.lag() == 0);
            assertThat(deletions(log)).hasSize(1);
            assertThat(deletions(log).get(0)).contains("toOffset=\"27\"");
        }
    }

    /** Offsets of transaction markers, and of requests that have ended, are no requests that were lost. */
    @Test
    void nothingIsSaidWhereNothingWasLost() throws Exception {
        publish(5, "text [stand-in: status=500 times=1]");
        try (LogLines log = new LogLines(DeletedRequests.class)) {
            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                queue.awaitReplies(5);
                await().atMost(Duration.ofSeconds(20)).until(() -> queue.lag() == 0);
            }
            deleteUpTo(5);
            publish(1, "text");
            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                queue.awaitReplies(6);
                await().until(() -> queue.lag() == 0);
            }
            assertThat(deletions(log)).isEmpty();
        }
    }

    /** Nobody can have lost what was deleted before the queue's first worker came. */
    @Test
    void aNewGroupBeginsWhereTheLogBegins() throws Exception {
        publish(5, "text");
        deleteUpTo(3);
        try (LogLines log = new LogLines(DeletedRequests.class);
                Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(2);
            assertThat(deletions(log)).isEmpty();
        }
        assertThat(api.calls()).isEqualTo(2);
    }

    private void publish(int count, String text) {
        for (int i = 0; i < count; i++) {
            queue.send(new ProducerRecord<>(
                    partition.topic(),
                    partition.partition(),
                    null,
                    body("m", text).getBytes(UTF_8)));
        }
    }

    private void deleteUpTo(long offset) throws Exception {
        queue.admin()
                .deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(offset)))
                .all()
                .get();
    }

    private static String deleted(PrometheusPage page) {
        return new String(page.now("").body(), UTF_8)
                .lines()
                .filter(line -> line.startsWith("sluice_deleted"))
                .findFirst()
                .orElse("");
    }

    private static List<String> deletions(LogLines log) {
        return log.all().stream().filter(line -> line.contains(DELETED)).toList();
    }
}
