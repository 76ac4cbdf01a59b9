package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests on a real Kafka that nobody waits for the backlog of another, and what moves for that. */
@Timeout(180)
class OverflowIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private TestQueue queue;
    private TogetherStandIn api;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    @Test
    void aQuickModelIsAnsweredBehindTheBacklogOfOneThatHangs() throws Exception {
        queue.publishBacklog(8_000, body("slow", "later [stand-in: latency=120s]"));
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            await().atMost(BOUND).until(() -> api.calls() >= 64);

            publish("quick", "quick", 20);

            assertThat(ids(queue.awaitReplies(20))).hasSize(20).allMatch(id -> id.startsWith("quick-"));
        }
        assertThat(moved()).isPositive();
    }

    @Test
    void ofOneModelNothingMoves() throws Exception {
        queue.publishBacklog(6_000, body("m", "?"));
        try (Worker worker = Worker.start(limited("*", "200/s"))) {
            queue.awaitReplies(1_000);
        }

        assertThat(moved()).isZero();
    }

    /** The first worker is stopped while requests move, and the second one finds them where they lie. */
    @Test
    void whatHasMovedIsAnsweredOnceByWhoeverOwnsIt() throws Exception {
        queue.publishBacklog(6_000, body("slow", "?"));
        publish("quick", "quick", 50);
        Map<String, ConfiguredLimit> limits =
                Map.of("slow", ConfiguredLimit.parse("400/s"), "quick", ConfiguredLimit.parse("20/s"));
        try (Worker first = Worker.start(queue.config(api.baseUrl(), limits, List.of()))) {
            await().atMost(BOUND).until(() -> moved() > 500);
        }

        try (Worker second = Worker.start(queue.config(api.baseUrl(), limits, List.of()));
                Worker third = Worker.start(queue.config(api.baseUrl(), limits, List.of()))) {
            List<ConsumerRecord<byte[], byte[]>> replies = queue.awaitReplies(6_050);
            assertThat(ids(replies)).hasSize(6_050);
            await().atMost(BOUND).until(() -> queue.lag() == 0);
        }

        List<ConsumerRecord<byte[], byte[]>> all = queue.read(queue.topics.replies());
        assertThat(all).hasSize(6_050);
        assertThat(all)
                .allSatisfy(
                        reply -> assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok"));
    }

    private void publish(String id, String model, int count) {
        for (int i = 0; i < count; i++) {
            RecordHeaders headers = new RecordHeaders();
            WireHeaders.set(headers, WireHeaders.ID, id + "-" + i);
            queue.publish(body(model, "?"), headers);
        }
    }

    private static Set<String> ids(List<ConsumerRecord<byte[], byte[]>> replies) {
        return replies.stream()
                .map(reply -> header(reply, WireHeaders.ID))
                .collect(Collectors.toCollection(HashSet::new));
    }

    private WorkerConfig limited(String model, String limit) {
        return queue.config(api.baseUrl(), Map.of(model, ConfiguredLimit.parse(limit)), List.of());
    }

    /** Returns the number of offsets in the overflow topic, with those of markers. */
    private long moved() throws ExecutionException, InterruptedException {
        int width = queue.admin()
                .describeTopics(List.of(queue.topics.overflow()))
                .allTopicNames()
                .get()
                .get(queue.topics.overflow())
                .partitions()
                .size();
        Map<TopicPartition, OffsetSpec> asked = IntStream.range(0, width)
                .mapToObj(partition -> new TopicPartition(queue.topics.overflow(), partition))
                .collect(Collectors.toMap(partition -> partition, partition -> OffsetSpec.latest()));
        return queue.admin().listOffsets(asked).all().get().values().stream()
                .mapToLong(info -> info.offset())
                .sum();
    }
}
