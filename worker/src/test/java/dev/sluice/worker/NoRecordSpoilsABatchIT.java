package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Reason;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.kafka.PartitionCounts;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.settle.Settle;
import dev.sluice.worker.settle.SettleListener;
import dev.sluice.worker.settle.Transactions;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests batches with a record that Kafka rejects. Its request becomes a dead letter, and all others are answered. */
@Timeout(120)
class NoRecordSpoilsABatchIT {
    private static final int LIMIT = 10_000;
    private static final int MORE_THAN_THE_LIMIT = 20_000;
    private static final Outcome ANSWER = new Outcome.Reply(200, "{\"choices\":[]}".getBytes(UTF_8), 1);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final List<InputRecord> inputs = new ArrayList<>();
    private final List<Outcome> outcomes = new ArrayList<>();
    private TestQueue queue;
    private Assignment assignment;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        assignment = new Assignment(new TopicPartition(queue.topics.requests(), 0));
    }

    @AfterEach
    void close() {
        queue.close();
    }

    @Test
    void aReplyTooLargeForItsTopic() throws Exception {
        limit(queue.topics.replies());

        good();
        add(request(), new Outcome.Reply(200, new byte[MORE_THAN_THE_LIMIT], 1));
        good();
        settle();

        assertEndsAsADeadLetter("too_large", "larger than its topic allows");
    }

    /** The producer fails records that it has not sent yet with the exception of the rejected record. */
    @Test
    void severalTooLargeAmongManyNeighbours() throws Exception {
        limit(queue.topics.replies());
        int count = 400;

        for (int i = 0; i < count; i++) {
            boolean large = i % 150 == 100;
            add(request(), large ? new Outcome.Reply(200, new byte[MORE_THAN_THE_LIMIT], 1) : ANSWER);
        }
        settle();

        assertThat(queue.read(queue.topics.dead()))
                .extracting(deadLetter -> header(deadLetter, WireHeaders.ID))
                .containsExactlyInAnyOrder("id-100", "id-250");
        List<ConsumerRecord<byte[], byte[]>> replies = queue.read(queue.topics.replies());
        assertThat(replies).hasSize(count);
        assertThat(replies.stream()
                        .filter(reply -> header(reply, WireHeaders.STATUS).equals("ok")))
                .hasSize(count - 2);
    }

    @Test
    void aReplyTopicThatIsMissing() throws Exception {
        good();
        add(request().withHeader(WireHeaders.REPLY_TOPIC, own("missing")), ANSWER);
        good();
        settle();

        assertEndsAsADeadLetter("reply_topic_refused", "does not exist, or this worker may not see it");
    }

    @Test
    void aReplyPartitionThatIsMissing() throws Exception {
        create(new NewTopic(own("narrow"), 2, (short) 1));

        good();
        Requests request = request().withHeader(WireHeaders.REPLY_TOPIC, own("narrow"));
        request.headers().add(WireHeaders.REPLY_PARTITION, WireHeaders.encodePartition(2));
        add(request, ANSWER);
        good();
        settle();

        assertEndsAsADeadLetter("reply_topic_refused", "reply partition 2 does not exist");
        assertThat(queue.read(own("narrow"))).isEmpty();
    }

    @Test
    void aReplyWithoutKeyForACompactedTopic() throws Exception {
        NewTopic compacted = new NewTopic(own("compacted"), 1, (short) 1);
        create(compacted.configs(Map.of("cleanup.policy", "compact")));

        good();
        add(request().withHeader(WireHeaders.REPLY_TOPIC, own("compacted")), ANSWER);
        good();
        settle();

        assertEndsAsADeadLetter("reply_topic_refused", "InvalidRecordException");
        assertThat(queue.read(own("compacted"))).isEmpty();
    }

    @Test
    void aDeadLetterTooLargeForItsTopicHasNoValue() throws Exception {
        limit(queue.topics.dead());

        good();
        add(request().saying("x".repeat(MORE_THAN_THE_LIMIT)), dead());
        good();
        settle();

        ConsumerRecord<byte[], byte[]> deadLetter = assertEndsAsADeadLetter("rejected", "no");
        assertThat(deadLetter.value()).isNull();
        assertThat(header(deadLetter, WireHeaders.ORIGIN)).isEqualTo(assignment.partition() + "@1");
    }

    @Test
    void aRequeueTooLargeForItsTopic() throws Exception {
        limit(queue.topics.retry());

        good();
        add(
                request().saying("x".repeat(MORE_THAN_THE_LIMIT)),
                new Outcome.Requeue(Optional.empty(), 1, 1, 0, "timeout"));
        good();
        settle();

        ConsumerRecord<byte[], byte[]> deadLetter =
                assertEndsAsADeadLetter("too_large", "larger than its topic allows");
        assertThat(deadLetter.value()).hasSizeGreaterThan(MORE_THAN_THE_LIMIT);
        assertThat(queue.read(queue.topics.retry())).isEmpty();
    }

    /** The request fits neither the retry topic nor, with its value, the dead letters. */
    @Test
    void aRequeueTooLargeForItsTopicAndForTheDeadLetters() throws Exception {
        limit(queue.topics.retry());
        limit(queue.topics.dead());

        good();
        add(
                request().saying("x".repeat(MORE_THAN_THE_LIMIT)),
                new Outcome.Requeue(Optional.empty(), 1, 1, 0, "timeout"));
        good();
        settle();

        assertThat(assertEndsAsADeadLetter("too_large", "larger than its topic allows")
                        .value())
                .isNull();
    }

    private Requests request() {
        return Requests.ofModel("m").under(assignment).at(inputs.size());
    }

    private void good() {
        add(request(), ANSWER);
    }

    private void add(Requests request, Outcome outcome) {
        inputs.add(request.input());
        outcomes.add(outcome);
    }

    private static Outcome dead() {
        return new Outcome.DeadLetter(Reason.REJECTED, OptionalInt.of(400), "no", 1, "400", 1);
    }

    private String own(String name) {
        return queue.topics.base() + ".app." + name;
    }

    /** Settles everything added so far. All of it is there before the thread starts, which makes one batch. */
    private void settle() throws InterruptedException {
        Settle settle = settleStage();
        settle.open(assignment, 0, Optional.empty());
        settle.register(assignment, inputs);
        for (int i = 0; i < inputs.size(); i++) {
            settle.accept(inputs.get(i), outcomes.get(i));
        }
        CompletableFuture<Void> flush = settle.flush();
        Thread thread = new Thread(() -> run(settle), "settle");
        thread.start();
        await().atMost(Duration.ofSeconds(20)).until(() -> flush.isDone() || failure.get() != null);
        settle.stop();
        thread.join();
        assertThat(failure.get()).isNull();
        assertThat(settle.openRecords()).isZero();
    }

    private void run(Settle settle) {
        try {
            settle.run();
        } catch (RuntimeException failed) {
            failure.set(failed);
        }
    }

    @SuppressWarnings("removal")
    private Settle settleStage() {
        Ownership ownership =
                new Ownership(Map.of(assignment.partition(), assignment), new ConsumerGroupMetadata(queue.group()));
        return new Settle(
                new AtomicReference<>(ownership),
                new ReplyTopics(queue.topics, List.of(Pattern.compile(".*\\.app\\..*"))),
                new PartitionCounts(queue.admin()),
                new Transactions(
                        () -> producer(UUID.randomUUID().toString()),
                        () -> KafkaClients.groupOffsetReader(clients(), queue.group()),
                        () -> {}),
                Clock.systemUTC(),
                System::nanoTime,
                SettleListener.NONE,
                () -> {});
    }

    /** Asserts that the second of three requests is a dead letter, the others are answered, and nothing is left. */
    private ConsumerRecord<byte[], byte[]> assertEndsAsADeadLetter(String reason, String message) throws Exception {
        List<ConsumerRecord<byte[], byte[]>> deadLetters = queue.read(queue.topics.dead());
        List<ConsumerRecord<byte[], byte[]>> replies = queue.read(queue.topics.replies());
        assertThat(deadLetters).hasSize(1);
        assertThat(header(deadLetters.get(0), WireHeaders.ID)).isEqualTo("id-1");
        assertThat(header(deadLetters.get(0), WireHeaders.REASON)).isEqualTo(reason);
        assertThat(replies)
                .extracting(reply -> header(reply, WireHeaders.ID) + " " + header(reply, WireHeaders.STATUS))
                .containsExactlyInAnyOrder("id-0 ok", "id-1 failed", "id-2 ok");
        assertThat(replies)
                .anySatisfy(
                        reply -> assertThat(new String(reply.value(), UTF_8)).contains(message));
        Map<TopicPartition, OffsetAndMetadata> committed = queue.admin()
                .listConsumerGroupOffsets(queue.group())
                .partitionsToOffsetAndMetadata()
                .get();
        assertThat(committed).containsExactly(Map.entry(assignment.partition(), new OffsetAndMetadata(3)));
        return deadLetters.get(0);
    }

    private void create(NewTopic topic) throws Exception {
        queue.admin().createTopics(List.of(topic)).all().get();
        await().atMost(Duration.ofSeconds(10))
                .ignoreExceptions()
                .until(() ->
                        new PartitionCounts(queue.admin()).apply(topic.name()).join() > 0);
    }

    private void limit(String topic) throws Exception {
        AlterConfigOp set = new AlterConfigOp(
                new ConfigEntry("max.message.bytes", Integer.toString(LIMIT)), AlterConfigOp.OpType.SET);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        queue.admin()
                .incrementalAlterConfigs(Map.of(resource, List.of(set)))
                .all()
                .get();
        // the broker describes a new setting before its logs apply it, so only a send shows that it holds
        await().atMost(Duration.ofSeconds(10)).until(() -> rejectsLargeRecords(topic));
    }

    /** Sends a large record in a transaction that is aborted, so that no reader sees it. */
    private boolean rejectsLargeRecords(String topic) throws InterruptedException {
        try (Producer<byte[], byte[]> producer = producer("probe-" + UUID.randomUUID())) {
            producer.initTransactions();
            producer.beginTransaction();
            try {
                producer.send(new ProducerRecord<>(topic, new byte[MORE_THAN_THE_LIMIT]))
                        .get();
                return false;
            } catch (ExecutionException failed) {
                return failed.getCause() instanceof RecordTooLargeException;
            } finally {
                producer.abortTransaction();
            }
        }
    }

    private Producer<byte[], byte[]> producer(String transactionalId) {
        return KafkaClients.transactionalProducer(clients(), transactionalId, 2 << 20);
    }

    private static Map<String, Object> clients() {
        return Map.of("bootstrap.servers", kafka.bootstrapServers());
    }
}
