package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.Reason;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.kafka.TopicLookUp;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.settle.FakeTransactionalId;
import dev.sluice.worker.settle.Settle;
import dev.sluice.worker.settle.SettleListener;
import dev.sluice.worker.settle.Transactions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicLong;
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
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.jspecify.annotations.Nullable;
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
    private final AtomicLong clockError = new AtomicLong();
    private @Nullable Thread thread;
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

    /** Kafka does not say for sure which record it is. */
    @Test
    void anAnswerLargerThanASegmentOfItsTopic() throws Exception {
        set(queue.topics.replies(), "segment.bytes", "1048576");
        await().atMost(Duration.ofSeconds(10))
                .until(() -> rejects(
                        new ProducerRecord<>(queue.topics.replies(), new byte[1_200_000]),
                        RecordBatchTooLargeException.class));

        good();
        add(request(), new Outcome.Reply(200, new byte[1_200_000], 1));
        good();
        settle();

        assertEndsAsADeadLetter("too_large", "larger than its topic allows");
    }

    @Test
    void manyAnswersLargerThanASegmentOfATenantsTopicAmongTheAnswersOfOthers() throws Exception {
        NewTopic small = new NewTopic(own("small"), 1, (short) 1);
        create(small.configs(Map.of("segment.bytes", "1048576", "max.message.bytes", "8000000")));
        int count = 120;

        for (int i = 0; i < count; i++) {
            if (i % 10 == 7) {
                add(
                        request().withHeader(WireHeaders.REPLY_TOPIC, own("small")),
                        new Outcome.Reply(200, new byte[1_200_000], 1));
            } else {
                good();
            }
        }
        settle();

        assertThat(queue.read(queue.topics.dead())).hasSize(count / 10).allSatisfy(deadLetter -> {
            assertThat(header(deadLetter, WireHeaders.REASON)).isEqualTo("too_large");
            assertThat(header(deadLetter, WireHeaders.ID)).endsWith("7");
        });
        assertThat(queue.read(queue.topics.replies())).hasSize(count - count / 10);
        assertThat(queue.read(own("small"))).hasSize(count / 10);
    }

    /** The broker rejects timestamps that are more than an hour ahead of its own clock. */
    @Test
    void answersSurviveAClockThatJumpsAhead() throws Exception {
        assertAnswersSurviveAJump(Duration.ofHours(2));
    }

    @Test
    void answersSurviveAClockThatJumpsBack() throws Exception {
        set(queue.topics.replies(), "message.timestamp.before.max.ms", "3600000");
        assertAnswersSurviveAJump(Duration.ofHours(-2));
    }

    private void assertAnswersSurviveAJump(Duration jump) throws Exception {
        rejectTimestampsLike(System.currentTimeMillis() + jump.toMillis());
        int early = 3;
        int late = 10;
        for (int i = 0; i < early + late; i++) {
            good();
        }

        settleInSteps(early, () -> clockError.set(jump.toMillis()));

        assertAllAnswered(early + late);
        assertThat(queue.read(queue.topics.replies()))
                .allSatisfy(reply -> assertThat(reply.timestamp())
                        .isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis() + 60_000));
    }

    /** The worker cannot know Kafka's time, and no answer may be lost for it. */
    @Test
    void answersWaitIfAWorkerStartsWithAWrongClock() throws Exception {
        clockError.set(Duration.ofHours(2).toMillis());
        rejectTimestampsLike(System.currentTimeMillis() + clockError.get());
        good();
        good();

        Settle settle = begin();
        submit(settle, 0, 2);
        CompletableFuture<Void> flush = settle.flush();
        thread(settle);
        await().during(Duration.ofSeconds(2)).atMost(Duration.ofSeconds(5)).until(() -> !flush.isDone());
        clockError.set(0);
        end(settle, flush);

        assertAllAnswered(2);
    }

    private void rejectTimestampsLike(long timestamp) throws Exception {
        set(queue.topics.replies(), "message.timestamp.type", "CreateTime");
        ProducerRecord<byte[], byte[]> record =
                new ProducerRecord<>(queue.topics.replies(), 0, timestamp, null, new byte[1]);
        await().atMost(Duration.ofSeconds(10)).until(() -> rejects(record, InvalidTimestampException.class));
    }

    private void assertAllAnswered(int count) {
        assertThat(queue.read(queue.topics.dead())).isEmpty();
        assertThat(queue.read(queue.topics.replies()))
                .hasSize(count)
                .allSatisfy(
                        reply -> assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok"));
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
        Settle settle = begin();
        submit(settle, 0, inputs.size());
        end(settle, settle.flush());
    }

    /** Settles the first ones, lets something happen, and settles the others. */
    private void settleInSteps(int first, Runnable meanwhile) throws InterruptedException {
        Settle settle = begin();
        submit(settle, 0, first);
        thread(settle);
        settle.flush().join();
        meanwhile.run();
        submit(settle, first, inputs.size());
        end(settle, settle.flush());
    }

    private Settle begin() {
        Settle settle = settleStage();
        settle.open(assignment, 0, Optional.empty());
        settle.register(assignment, inputs);
        return settle;
    }

    private void submit(Settle settle, int from, int to) {
        for (int i = from; i < to; i++) {
            settle.accept(inputs.get(i), outcomes.get(i));
        }
    }

    private void end(Settle settle, CompletableFuture<Void> flush) throws InterruptedException {
        Thread running = thread(settle);
        await().atMost(Duration.ofSeconds(20)).until(() -> flush.isDone() || failure.get() != null);
        settle.stop();
        running.join();
        assertThat(failure.get()).isNull();
        assertThat(settle.openRecords()).isZero();
    }

    private Thread thread(Settle settle) {
        if (thread == null) {
            thread = new Thread(() -> run(settle), "settle");
            thread.start();
        }
        return thread;
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
                new TopicLookUp(queue.admin()),
                new Transactions(
                        new FakeTransactionalId(),
                        time -> producer(UUID.randomUUID().toString()),
                        () -> KafkaClients.groupOffsetReader(clients(), queue.group()),
                        () -> {}),
                new Settle.WaitingReplies(200, 1 << 20),
                new SuppliedClock(() -> System.currentTimeMillis() + clockError.get()),
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
        SandboxTopics.create(queue.admin(), List.of(topic));
        await().atMost(Duration.ofSeconds(10)).ignoreExceptions().until(() -> {
            TopicLookUp.Partitions found =
                    new TopicLookUp(queue.admin()).apply(topic.name()).join();
            return found.count() > 0 && found.unwritable().isEmpty();
        });
    }

    private void set(String topic, String name, String value) throws Exception {
        AlterConfigOp set = new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        queue.admin()
                .incrementalAlterConfigs(Map.of(resource, List.of(set)))
                .all()
                .get();
    }

    private void limit(String topic) throws Exception {
        set(topic, "max.message.bytes", Integer.toString(LIMIT));
        // the broker describes a new setting before its logs apply it, so only a send shows that it holds
        await().atMost(Duration.ofSeconds(10))
                .until(() -> rejects(
                        new ProducerRecord<>(topic, new byte[MORE_THAN_THE_LIMIT]), RecordTooLargeException.class));
    }

    /** Sends a record in a transaction that is aborted, so that no reader sees it. */
    private boolean rejects(ProducerRecord<byte[], byte[]> record, Class<? extends Exception> rejection)
            throws InterruptedException {
        try (Producer<byte[], byte[]> producer = producer("probe-" + UUID.randomUUID())) {
            producer.initTransactions();
            producer.beginTransaction();
            try {
                producer.send(record).get();
                return false;
            } catch (ExecutionException failed) {
                return rejection.isInstance(failed.getCause());
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
