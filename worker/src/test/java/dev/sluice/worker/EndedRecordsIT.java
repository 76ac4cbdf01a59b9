package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Topics.Tier;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.DeletedRequests;
import dev.sluice.worker.settle.EndedRecords;
import dev.sluice.worker.status.QueueStatus;
import dev.sluice.worker.status.StatusReader;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsResult;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that Kafka keeps what has ended of the topics of workers for no longer than somebody needs it. */
class EndedRecordsIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final String KEPT = "Ended requests stay on the retry, overflow and delay topics";

    private final AtomicLong nanoTime = new AtomicLong();
    private TestQueue queue;
    private TogetherStandIn api;
    private EndedRecords records;
    private long dueAt;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
        records = new EndedRecords(queue.admin(), queue.group(), queue.topics, nanoTime::get);
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    /** A request that is due in 45 s moves through the shortest delay tier several times. */
    @Test
    void aWorkerLeavesNoHopOfARequestThatWasDueIn45Seconds() throws Exception {
        publish("delayed", 45);
        publish("delayed too", 11);
        try (LogLines log = new LogLines(DeletedRequests.class);
                Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitRecord(queue.topics.delay(Tier.TEN_SECONDS), "delayed");
            await().atMost(Duration.ofSeconds(60)).until(() -> repliesOk() == 2);

            await().atMost(Duration.ofSeconds(90)).until(() -> kept() == 0);
            publish("afterwards", 0);
            await().atMost(BOUND).until(() -> repliesOk() == 3);
            assertThat(status().problems()).isEmpty();
            assertThat(log.all()).isEmpty();
        }
        assertThat(queue.read(queue.topics.requests())).hasSize(3);
        assertThat(api.calls()).isEqualTo(3);
    }

    @Test
    void onlyWhatLiesBelowTheCommittedOffsetIsDeleted() throws Exception {
        TopicPartition partition = new TopicPartition(queue.topics.delay(Tier.ONE_HOUR), 2);
        TopicPartition uncommitted = new TopicPartition(queue.topics.retry(), 2);
        for (int i = 0; i < 5; i++) {
            send(partition);
            send(uncommitted);
            send(new TopicPartition(queue.topics.requests(), 2));
            send(new TopicPartition(queue.topics.express(), 2));
        }
        TopicPartition overflow = new TopicPartition(queue.topics.overflow(), 31);
        for (int i = 0; i < 5; i++) {
            send(overflow);
        }
        commit(queue.group(), partition, 3);
        commit(queue.group(), overflow, 4);
        commit(queue.group(), new TopicPartition(queue.topics.requests(), 2), 5);
        commit(queue.group(), new TopicPartition(queue.topics.express(), 2), 5);

        rounds(() -> queue.read(partition.topic()).size() == 2
                && queue.read(overflow.topic()).size() == 1);

        assertThat(queue.read(partition.topic()))
                .extracting(ConsumerRecord::offset)
                .containsExactly(3L, 4L);
        assertThat(queue.read(overflow.topic()))
                .extracting(ConsumerRecord::offset)
                .containsExactly(4L);
        assertThat(queue.read(uncommitted.topic())).hasSize(5);
        assertThat(queue.read(queue.topics.requests())).hasSize(5);
        assertThat(queue.read(queue.topics.express())).hasSize(5);
    }

    @Test
    void nothingIsLostWhileWorkersAreAway() throws Exception {
        publish("soon", 20);
        for (int i = 0; i < 10; i++) {
            publish("later " + i, 22);
        }
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            await().atMost(BOUND).until(() -> kept() == 11);
        }

        try (LogLines log = new LogLines(DeletedRequests.class)) {
            await().pollInterval(Duration.ofMillis(500)).atMost(BOUND).until(() -> {
                round();
                return repliesOk() == 0 && System.currentTimeMillis() > dueAt + 2_000;
            });
            assertThat(kept()).isEqualTo(11);
            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                await().atMost(BOUND).until(() -> repliesOk() == 11 && queue.lag() == 0);
                rounds(() -> kept() == 0);
            }
            assertThat(log.all()).isEmpty();
        }
        assertThat(status().problems()).noneMatch(problem -> problem.contains("deleted"));
        assertThat(api.calls()).isEqualTo(11);
    }

    /** A group that has read any part of a bundle may want the rest. Overflow partition 12 is of bundle 1. */
    @ParameterizedTest
    @CsvSource({"retry, 1, requests, 1", "overflow, 12, requests, 1", "retry, 1, requests.overflow, 15"})
    void theOffsetsOfAnotherGroupKeepEverything(String kind, int number, String read, int readNumber) throws Exception {
        TopicPartition partition = ended(new TopicPartition(queue.topics.requests() + "." + kind, number));
        commit("monitor", new TopicPartition(queue.topics.base() + "." + read, readNumber), 0);
        try (LogLines log = new LogLines(EndedRecords.class)) {
            rounds(() -> !log.all().isEmpty());
            round();
            round();

            assertThat(queue.read(partition.topic())).hasSize(5);
            assertThat(log.all()).singleElement().asString().contains("INFO " + KEPT, "'monitor'");
        }

        queue.admin().deleteConsumerGroups(List.of("monitor")).all().get();
        rounds(() -> queue.read(partition.topic()).isEmpty());
    }

    @Test
    void aLiveReaderWithoutOffsetsKeepsEverything() throws Exception {
        TopicPartition partition = ended();
        Map<String, Object> config = Map.of(
                "bootstrap.servers",
                kafka.bootstrapServers(),
                "group.id",
                queue.topics.base() + "-watch",
                "enable.auto.commit",
                false);
        try (LogLines log = new LogLines(EndedRecords.class);
                KafkaConsumer<byte[], byte[]> reader =
                        new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
            reader.subscribe(List.of(partition.topic()));
            await().atMost(BOUND).until(() -> {
                reader.poll(Duration.ofMillis(100));
                return !reader.assignment().isEmpty();
            });

            rounds(() -> !log.all().isEmpty());
            assertThat(log.all()).singleElement().asString().contains(KEPT, "-watch'");
            assertThat(queue.read(partition.topic())).hasSize(5);
        }

        rounds(() -> queue.read(partition.topic()).isEmpty());
    }

    @Test
    void aFailureIsNoMoreThanAReasonToTryAgain() throws Exception {
        TopicPartition partition = ended();
        try (Admin closed = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            records = new EndedRecords(closed, queue.group(), queue.topics, nanoTime::get);
        }
        round();
        round();
        records = new EndedRecords(queue.admin(), queue.group(), queue.topics, nanoTime::get);

        // Kafka rejects an offset beyond the end of the log
        commit(queue.group(), partition, 9);
        round();
        commit(queue.group(), partition, 5);

        rounds(() -> queue.read(partition.topic()).isEmpty());
    }

    @Test
    void statusTakesNoDeletionForALoss() throws Exception {
        TopicPartition partition = ended();
        commit(queue.group(), partition, 1);
        Map<String, Object> config = Map.of("bootstrap.servers", kafka.bootstrapServers());
        Admin deleting = thatDeletesAfterItsFirstAnswer(Admin.create(config), partition);

        try (StatusReader reader = new StatusReader(deleting, config, queue.topics, queue.group())) {
            assertThat(reader.read().problems()).noneMatch(problem -> problem.contains("deleted"));
        }
        assertThat(queue.read(partition.topic())).isEmpty();
    }

    private Admin thatDeletesAfterItsFirstAnswer(Admin admin, TopicPartition partition) {
        AtomicBoolean done = new AtomicBoolean();
        return (Admin) Proxy.newProxyInstance(
                Admin.class.getClassLoader(), new Class<?>[] {Admin.class}, (proxy, method, arguments) -> {
                    Object answer = method.invoke(admin, arguments);
                    boolean isOfOffsets = method.getName().matches("listOffsets|listConsumerGroupOffsets");
                    if (isOfOffsets && done.compareAndSet(false, true)) {
                        if (answer instanceof ListOffsetsResult offsets) {
                            offsets.all().get();
                        } else {
                            ((ListConsumerGroupOffsetsResult) answer).all().get();
                        }
                        commit(queue.group(), partition, 5);
                        rounds(() -> queue.read(partition.topic()).isEmpty());
                    }
                    return answer;
                });
    }

    private void publish(String id, long dueInSeconds) {
        RecordHeaders headers = new RecordHeaders();
        WireHeaders.set(headers, WireHeaders.ID, id);
        dueAt = System.currentTimeMillis() + 1_000 * dueInSeconds;
        if (dueInSeconds > 0) {
            WireHeaders.set(headers, WireHeaders.NOT_BEFORE, dueAt);
        }
        queue.publish(body("m", id), headers);
    }

    /** Makes five ended records. */
    private TopicPartition ended() throws Exception {
        return ended(new TopicPartition(queue.topics.retry(), 1));
    }

    private TopicPartition ended(TopicPartition partition) throws Exception {
        for (int i = 0; i < 5; i++) {
            send(partition);
        }
        commit(queue.group(), partition, 5);
        return partition;
    }

    private void send(TopicPartition partition) {
        queue.send(new ProducerRecord<>(
                partition.topic(),
                partition.partition(),
                null,
                body("m", "text").getBytes(UTF_8)));
    }

    private void commit(String group, TopicPartition partition, long offset) throws Exception {
        queue.admin()
                .alterConsumerGroupOffsets(group, Map.of(partition, new OffsetAndMetadata(offset)))
                .all()
                .get();
    }

    private long repliesOk() {
        return queue.read(queue.topics.replies()).stream()
                .filter(reply -> header(reply, WireHeaders.STATUS).equals(WireHeaders.OK))
                .count();
    }

    /** Returns the number of records of the topics that workers write for themselves. */
    private long kept() {
        return queue.topics.inputs().stream()
                .filter(topic -> !queue.topics.isFromProducers(topic))
                .mapToLong(topic -> queue.read(topic).size())
                .sum();
    }

    private QueueStatus status() throws InterruptedException {
        Map<String, Object> config = Map.of("bootstrap.servers", kafka.bootstrapServers());
        try (StatusReader reader = new StatusReader(Admin.create(config), config, queue.topics, queue.group())) {
            return reader.read();
        }
    }

    private void rounds(Callable<Boolean> until) {
        await().pollInterval(Duration.ofMillis(100)).atMost(BOUND).until(() -> {
            round();
            return until.call();
        });
    }

    private void round() {
        nanoTime.addAndGet(Duration.ofMinutes(1).toNanos());
        records.delete(queue.topics.inputs().stream()
                .flatMap(topic -> queue.partitions(topic).stream())
                .map(Assignment::new)
                .collect(Collectors.toSet()));
    }
}
