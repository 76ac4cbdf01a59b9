package dev.sluice.worker.settle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.Requests;
import dev.sluice.worker.SuppliedClock;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.OffsetLedger.Opening;
import dev.sluice.worker.intake.Ownership;
import dev.sluice.worker.intake.ReplyTopics;
import dev.sluice.worker.kafka.TopicLookUp;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.outcome.Outcome.DeadLetter;
import dev.sluice.worker.outcome.Outcome.Reply;
import java.time.Duration;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SettleTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final String GROUP = "group";
    private static final int MAX_VALUE_BYTES = 200;
    private static final Duration BOUND = Duration.ofSeconds(20);

    private final Assignment first = new Assignment(new TopicPartition(TOPICS.requests(), 0));
    private final Assignment second = new Assignment(new TopicPartition(TOPICS.requests(), 1));
    private final ConsumerGroupMetadata group = metadata();
    private final CompletableFuture<TopicLookUp.Partitions> slowTopic = new CompletableFuture<>();
    private final AtomicReference<Ownership> ownership = new AtomicReference<>(owning(first, second));
    private final AtomicLong passedNanos = new AtomicLong();
    private volatile LongSupplier nanoTime = System::nanoTime;
    private final AtomicLong setBack = new AtomicLong(1_800_000_000_000L);
    private final FakeProducer producer = new FakeProducer(passedNanos);
    private final List<String> heard = new CopyOnWriteArrayList<>();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicReference<Runnable> whenCommitted = new AtomicReference<>(() -> {});
    private final AtomicInteger heartbeats = new AtomicInteger();
    private final Settle settle = new Settle(
            ownership,
            new ReplyTopics(TOPICS, List.of(Pattern.compile("app\\..*"))),
            topic -> topic.equals("app.slow")
                    ? slowTopic
                    : CompletableFuture.completedFuture(new TopicLookUp.Partitions(2, Set.of())),
            new Transactions(
                    new FakeTransactionalId(), time -> producer, () -> new MockConsumer<>("earliest"), () -> {}),
            new Settle.WaitingReplies(200, 1 << 20),
            // It is set back by an hour each time it is read. Nothing may wait for it.
            new SuppliedClock(() -> setBack.addAndGet(-Duration.ofHours(1).toMillis())),
            () -> nanoTime.getAsLong() + passedNanos.get(),
            new RecordingListener(),
            heartbeats::incrementAndGet);
    private final Thread thread = new Thread(this::run, "settle");

    @AfterEach
    void stop() throws InterruptedException {
        settle.stop();
        thread.join(BOUND.toMillis());
        assertThat(thread.isAlive()).isFalse();
        assertThat(failure.get()).isNull();
    }

    @Test
    void itsHeartbeatGoesOnThoughThereIsNothingToDo() {
        int before = heartbeats.get();
        thread.start();

        await().atMost(BOUND).until(() -> heartbeats.get() > before + 1);
    }

    @Test
    void theTimeWithoutACommitCountsWhileSomethingIsOpen() {
        open(first);
        passedNanos.addAndGet(Duration.ofMinutes(1).toNanos());
        assertThat(settle.sinceCommit()).as("nothing is open").isZero();

        List<InputRecord> requests = registered(first, 0);
        assertThat(settle.sinceCommit()).isGreaterThanOrEqualTo(Duration.ofMinutes(1));
        answer(requests.get(0));
        startAndFlush();
        assertThat(settle.sinceCommit()).as("it is committed").isZero();
    }

    @Test
    void outcomesAndOffsetsAreOneTransactionUnderTheMetadataOfTheOwnership() {
        open(first, second);
        List<InputRecord> ones = registered(first, 0, 1, 2);
        List<InputRecord> others = registered(second, 0);

        answer(ones.get(0), ones.get(2), others.get(0));
        startAndFlush();

        assertThat(replies()).containsExactly("id-0", "id-2", "id-0");
        assertThat(producer.commitCount()).isEqualTo(1);
        assertThat(committed().get(first.partition()))
                .isEqualTo(new OffsetAndMetadata(1, AckRuns.of(2, 3).encode(1)));
        assertThat(committed().get(second.partition()).offset()).isEqualTo(1);
        assertThat(producer.groups).containsExactly(group);
        assertThat(settle.openRecords()).isEqualTo(1);
        assertThat(settle.openBytes()).isEqualTo(ones.get(1).weight());
    }

    @Test
    void theOutcomeOfAStaleAssignmentIsDiscarded() {
        open(first, second);
        List<InputRecord> stale = registered(first, 0);
        List<InputRecord> held = registered(second, 5);
        Assignment again = new Assignment(first.partition());
        ownership.set(owning(again, second));

        answer(stale.get(0), held.get(0));
        startAndFlush();

        assertThat(replies()).containsExactly("id-5");
        assertThat(committed()).containsOnlyKeys(second.partition());
        assertThat(settle.answerBytes()).isZero();
    }

    @Test
    void aFlushCompletesOnlyAfterTheCommit() {
        open(first);
        answer(registered(first, 0).get(0));
        AtomicReference<Long> commitsAtFlush = new AtomicReference<>();
        producer.commitFailures = 2;

        CompletableFuture<Void> flush = settle.flush();
        CompletableFuture<Void> seen = flush.thenRun(() -> commitsAtFlush.set(producer.commitCount()));
        thread.start();

        await().atMost(BOUND).until(seen::isDone);
        assertThat(commitsAtFlush.get()).isEqualTo(1);
        assertThat(producer.commitTries).hasValue(3);
    }

    /** While Kafka takes nothing, an answer of up to 7 MiB arrives for each request that was read. */
    @Test
    void anAnswerCountsUntilItIsCommitted() {
        open(first);
        List<InputRecord> inputs = registered(first, 0, 1);
        long before = settle.openBytes();
        producer.commitFailures = 2;

        settle.accept(inputs.get(0), new Reply(200, new byte[150], 1));
        answer(inputs.get(1));
        assertThat(settle.openBytes()).isEqualTo(before + 152);
        startAndFlush();

        assertThat(settle.openBytes()).isZero();
    }

    @Test
    void aFlushIsCancelledOnceTheThreadHasEnded() throws InterruptedException {
        open(first);
        answer(registered(first, 0).get(0));
        producer.commitFailures = Integer.MAX_VALUE;
        thread.start();
        CompletableFuture<Void> waiting = settle.flush();

        settle.stop();
        thread.join(BOUND.toMillis());

        assertThat(waiting).isCancelled();
        assertThat(settle.flush()).isCancelled();
    }

    @Test
    void theListenerHearsOnlyOfCommittedOutcomes() {
        open(first);
        List<InputRecord> inputs = registered(first, 0, 1);
        producer.commitFailures = 1;

        answer(inputs.get(1));
        startAndFlush();

        assertThat(heard).containsExactly("aborted", "committed", "id-1 Reply");
    }

    @Test
    void publishesTheStatesOfItsPartitions() {
        open(first, second);
        List<InputRecord> inputs = registered(first, 3, 4, 5);

        answer(inputs.get(0), inputs.get(2));
        startAndFlush();

        List<PartitionState> states = await().atMost(BOUND)
                .until(
                        settle::partitionStates,
                        found -> found.stream().mapToInt(PartitionState::open).sum() == 1);
        assertThat(states)
                .filteredOn(state -> state.partition() == 0)
                .singleElement()
                .satisfies(state -> {
                    assertThat(state.committed()).isEqualTo(4);
                    assertThat(state.position()).isEqualTo(6);
                    assertThat(state.open()).isEqualTo(1);
                    assertThat(state.oldestSince()).hasValue(inputs.get(1).waitsSince());
                    assertThat(state.fill()).isBetween(0.0, 0.01);
                });
        assertThat(states)
                .filteredOn(state -> state.partition() == 1)
                .singleElement()
                .satisfies(state -> {
                    assertThat(state.open()).isZero();
                    assertThat(state.oldestSince()).isEmpty();
                });
    }

    @Test
    void theStatesOfPartitionsCanBeReadBeforeAndAfterTheThreadRuns() throws InterruptedException {
        assertThat(settle.partitionStates()).isEmpty();
        open(first);
        registered(first, 0);
        thread.start();
        await().atMost(BOUND).until(() -> settle.partitionStates().size() == 1);

        settle.stop();
        thread.join(BOUND.toMillis());

        assertThat(settle.partitionStates())
                .singleElement()
                .satisfies(state -> assertThat(state.open()).isEqualTo(1));
    }

    @Test
    void closingReleasesOpenRecords() {
        open(first, second);
        registered(first, 0, 1);
        List<InputRecord> kept = registered(second, 0);

        settle.close(Set.of(first));
        startAndFlush();

        assertThat(settle.openRecords()).isEqualTo(1);
        assertThat(settle.openBytes()).isEqualTo(kept.get(0).weight());
        assertThat(settle.registerLimit(first)).isZero();
    }

    @Test
    void closingAPartitionThatWasRefusedOrNeverOpenedDoesNoHarm() {
        Opening refused = settle.open(second, 0, Optional.of(new OffsetAndMetadata(0, "sluice:damaged")));
        assertThat(refused).isInstanceOf(Opening.Refused.class);
        open(first);
        List<InputRecord> inputs = registered(first, 0);
        Assignment sameNumber = new Assignment(first.partition());
        Assignment unknown = new Assignment(new TopicPartition(TOPICS.retry(), 7));

        settle.close(Set.of(second, sameNumber, unknown));
        answer(inputs.get(0));
        startAndFlush();

        assertThat(replies()).containsExactly("id-0");
        assertThat(settle.openRecords()).isZero();
        assertThat(settle.openBytes()).isZero();
    }

    @Test
    void aBatchWhoseCommitFailsIsSentAgainAndNothingTwice() {
        open(first);
        List<InputRecord> inputs = registered(first, 0, 1);
        producer.commitFailures = 1;

        answer(inputs.get(0), inputs.get(1));
        startAndFlush();

        assertThat(replies()).containsExactly("id-0", "id-1");
        assertThat(producer.commitCount()).as("in halves").isEqualTo(2);
        assertThat(committed().get(first.partition()).offset()).isEqualTo(2);
        assertThat(settle.openRecords()).isZero();
    }

    @Test
    void aReplyThatIsTooLargeBecomesADeadLetterAndTheOthersAreAnswered() {
        open(first);
        List<InputRecord> inputs = registered(first, 0, 1, 2);

        answer(inputs.get(0));
        settle.accept(inputs.get(1), new Reply(200, new byte[MAX_VALUE_BYTES + 1], 1));
        answer(inputs.get(2));
        startAndFlush();

        assertThat(records(TOPICS.dead(), WireHeaders.REASON)).containsExactly("too_large");
        assertThat(records(TOPICS.dead(), WireHeaders.ID)).containsExactly("id-1");
        assertThat(replies()).containsExactly("id-0", "id-1", "id-2");
        assertThat(records(TOPICS.replies(), WireHeaders.STATUS)).containsExactly("ok", "failed", "ok");
        assertThat(committed().get(first.partition()).offset()).isEqualTo(3);
        assertThat(settle.openRecords()).isZero();
        assertThat(settle.openBytes()).isZero();
    }

    @Test
    void aReplyWhoseTopicIsNotKnownYetDelaysNoOtherButTheFlush() {
        open(first);
        InputRecord slow = Requests.ofModel("m")
                .under(first)
                .at(0)
                .withHeader(WireHeaders.REPLY_TOPIC, "app.slow")
                .input();
        settle.register(first, List.of(slow));
        List<InputRecord> others = registered(first, 1, 2);
        answer(slow, others.get(0), others.get(1));

        CompletableFuture<Void> flush = settle.flush();
        thread.start();

        await().atMost(BOUND).until(() -> replies().size() == 2);
        assertThat(flush).isNotDone();
        slowTopic.complete(new TopicLookUp.Partitions(1, Set.of()));
        await().atMost(BOUND).until(flush::isDone);
        assertThat(records("app.slow", WireHeaders.ID)).containsExactly("id-0");
        assertThat(committed().get(first.partition()).offset()).isEqualTo(3);
    }

    @Test
    void aReplyThatComesWhileRequestsMoveIsInTheNextTransaction() {
        // On a busy machine a tenth of a second may pass between two transactions, and then no reply is expected.
        long still = System.nanoTime();
        nanoTime = () -> still;
        open(first);
        InputRecord slow = replyingTo("app.slow", 0, 0);
        List<InputRecord> moves = registered(first, LongStream.range(1, 601).toArray());
        List<InputRecord> answered = registered(first, 601, 602);
        moves.forEach(move -> settle.accept(move, new Outcome.Move(0)));
        answer(slow, answered.get(0));
        // During its first transaction another answer comes.
        whenCommitted.set(() -> answer(answered.get(1)));

        thread.start();

        await().atMost(BOUND).until(() -> replies().size() == 2);
        List<String> topics =
                producer.history().stream().map(ProducerRecord::topic).toList();
        assertThat(topics.subList(0, topics.lastIndexOf(TOPICS.replies())))
                .as("what was written before it")
                .hasSizeLessThan(200);
        await().atMost(BOUND)
                .until(() -> records(TOPICS.overflow(), WireHeaders.ID).size() == 600);
    }

    @Test
    void aRequestThatKafkaRejectsInEveryFormDelaysNoOther() {
        open(first);
        List<InputRecord> inputs = registered(first, 0, 1);
        producer.rejectedTopic = TOPICS.dead();

        settle.accept(inputs.get(0), new DeadLetter(Reason.EXPIRED, OptionalInt.empty(), "too late", 0, "", 0));
        answer(inputs.get(1));
        CompletableFuture<Void> flush = settle.flush();
        thread.start();

        await().atMost(BOUND).until(() -> replies().contains("id-1"));
        assertThat(flush).isNotDone();
        assertThat(records(TOPICS.dead(), WireHeaders.ID)).isEmpty();
        assertThat(committed().get(first.partition()).offset()).isZero();

        producer.rejectedTopic = "";
        passedNanos.set(Duration.ofSeconds(11).toNanos());
        await().atMost(BOUND).until(flush::isDone);
        assertThat(records(TOPICS.dead(), WireHeaders.ID)).containsExactly("id-0");
        assertThat(producer.history())
                .filteredOn(record -> record.topic().equals(TOPICS.dead()))
                .allSatisfy(deadLetter ->
                        assertThat(deadLetter.value()).isEqualTo(inputs.get(0).value()));
        assertThat(committed().get(first.partition()).offset()).isEqualTo(2);
    }

    @Test
    void anAnswerIsKeptWhileTheOwnReplyTopicMayNotBeWrittenTo() {
        open(first);
        List<InputRecord> inputs = registered(first, 0);
        producer.rejectedTopic = TOPICS.replies();
        answer(inputs.get(0));
        CompletableFuture<Void> flush = settle.flush();
        thread.start();
        await().atMost(BOUND).until(() -> producer.rejections.get() > 0);

        producer.rejectedTopic = "";
        passedNanos.set(Duration.ofSeconds(11).toNanos());
        await().atMost(BOUND).until(flush::isDone);

        assertThat(records(TOPICS.replies(), WireHeaders.STATUS)).containsExactly("ok");
        assertThat(records(TOPICS.dead(), WireHeaders.ID)).isEmpty();
    }

    @Test
    void anUnavailableReplyTopicDelaysNoOther() {
        open(first, second);
        InputRecord away = replyingTo("app.away", 0, 0);
        InputRecord toBadPartition = replyingTo("app.half", 1, 1);
        InputRecord toGoodPartition = replyingTo("app.half", 0, 2);
        List<InputRecord> others = registered(second, 7);
        producer.unavailable.addAll(List.of(new TopicPartition("app.away", 0), new TopicPartition("app.half", 1)));
        answer(away, toBadPartition, toGoodPartition, others.get(0));
        CompletableFuture<Void> flush = settle.flush();
        thread.start();

        await().atMost(BOUND).until(() -> replies().contains("id-7"));
        await().atMost(BOUND).until(flush::isDone);
        assertThat(records("app.half", WireHeaders.ID)).containsExactly("id-2");
        assertThat(committed().get(first.partition()).offset())
                .as("both stay open")
                .isZero();
        assertThat(settle.openRecords()).isEqualTo(2);
        await().atMost(BOUND).until(() -> settle.unwritableReplies() == 2);

        producer.unavailable.clear();
        passedNanos.addAndGet(Duration.ofSeconds(11).toNanos());
        await().atMost(BOUND).until(() -> settle.openRecords() == 0);
        assertThat(records("app.away", WireHeaders.STATUS)).containsExactly("ok");
        await().atMost(BOUND).until(() -> settle.unwritableReplies() == 0);
        assertThat(records("app.half", WireHeaders.ID)).containsExactly("id-2", "id-1");
        assertThat(records(TOPICS.dead(), WireHeaders.ID)).isEmpty();
        assertThat(committed().get(first.partition()).offset()).isEqualTo(3);
    }

    /** Intake may read a partition that has come back before the settle thread has read the messages of either. */
    @Test
    void theLimitOfAnEarlierAssignmentIsNotThatOfTheNext() throws InterruptedException {
        open(first);
        startAndFlush();
        settle.stop();
        thread.join(BOUND.toMillis());
        Assignment again = new Assignment(first.partition());

        settle.close(Set.of(first));
        open(again);

        assertThat(settle.registerLimit(again)).isZero();
    }

    private void run() {
        try {
            settle.run();
        } catch (RuntimeException failed) {
            failure.set(failed);
        }
    }

    private void open(Assignment... assignments) {
        for (Assignment assignment : assignments) {
            assertThat(settle.open(assignment, 0, Optional.empty())).isInstanceOf(Opening.Ready.class);
        }
    }

    private List<InputRecord> registered(Assignment assignment, long... offsets) {
        List<InputRecord> inputs = Arrays.stream(offsets)
                .mapToObj(offset ->
                        Requests.ofModel("m").under(assignment).at(offset).input())
                .toList();
        settle.register(assignment, inputs);
        return inputs;
    }

    /** Returns a registered request under the first assignment. */
    private InputRecord replyingTo(String topic, int partition, long offset) {
        InputRecord input = Requests.ofModel("m")
                .under(first)
                .at(offset)
                .withHeader(WireHeaders.REPLY_TOPIC, topic)
                .withHeader(WireHeaders.REPLY_PARTITION, "\0\0\0" + (char) partition)
                .input();
        settle.register(first, List.of(input));
        return input;
    }

    private void answer(InputRecord... inputs) {
        for (InputRecord input : inputs) {
            settle.accept(input, new Reply(200, "{}".getBytes(UTF_8), 1));
        }
    }

    /** Starts the thread and waits for a flush. The thread finds all messages at once, which makes one batch. */
    private void startAndFlush() {
        CompletableFuture<Void> flush = settle.flush();
        thread.start();
        await().atMost(BOUND).until(() -> flush.isDone() || failure.get() != null);
        assertThat(failure.get()).isNull();
    }

    private List<String> replies() {
        return records(TOPICS.replies(), WireHeaders.ID);
    }

    /** Returns a header of every committed record of a topic. */
    private List<String> records(String topic, String header) {
        return producer.history().stream()
                .filter(record -> record.topic().equals(topic))
                .map(record -> WireHeaders.text(record.headers(), header).orElse("(none)"))
                .toList();
    }

    private Map<TopicPartition, OffsetAndMetadata> committed() {
        List<Map<String, Map<TopicPartition, OffsetAndMetadata>>> all = producer.consumerGroupOffsetsHistory();
        return all.get(all.size() - 1).get(GROUP);
    }

    private Ownership owning(Assignment... assignments) {
        return new Ownership(
                Arrays.stream(assignments).collect(Collectors.toMap(Assignment::partition, Function.identity())),
                group);
    }

    @SuppressWarnings("removal")
    private static ConsumerGroupMetadata metadata() {
        return new ConsumerGroupMetadata(GROUP, 3, "member", Optional.empty());
    }

    private final class RecordingListener implements SettleListener {
        @Override
        public void committed(InputRecord input, Outcome outcome, long knownAtMillis) {
            heard.add(input.id() + " " + outcome.getClass().getSimpleName());
        }

        @Override
        public void transactionEnded(boolean committed, long nanos) {
            assertThat(nanos).isNotNegative();
            heard.add(committed ? "committed" : "aborted");
            whenCommitted.getAndSet(() -> {}).run();
        }
    }

    /**
     * A producer that fails as KafkaProducer does. It rejects large values, and then the transaction can only be
     * aborted. A commit waits for unavailable partitions until that takes too long. Then the first record fails with a
     * timeout, and the others with the transaction.
     */
    private static final class FakeProducer extends MockProducer<byte[], byte[]> {
        private final List<ConsumerGroupMetadata> groups = new CopyOnWriteArrayList<>();
        private boolean failed;
        private volatile int commitFailures;
        private volatile String rejectedTopic = "";
        private final Set<TopicPartition> unavailable = ConcurrentHashMap.newKeySet();
        private final Map<Callback, TopicPartition> waiting = new LinkedHashMap<>();
        private final AtomicLong passedNanos;
        private final AtomicInteger rejections = new AtomicInteger();
        private final AtomicInteger commitTries = new AtomicInteger();

        FakeProducer(AtomicLong passedNanos) {
            super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
            this.passedNanos = passedNanos;
        }

        @Override
        public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
            failIfInErrorState();
            if (record.value() != null && record.value().length > MAX_VALUE_BYTES) {
                return reject(callback, new RecordTooLargeException("too large"));
            }
            if (record.topic().equals(rejectedTopic)) {
                return reject(callback, new TopicAuthorizationException(Set.of(rejectedTopic)));
            }
            TopicPartition target =
                    new TopicPartition(record.topic(), Objects.requireNonNullElse(record.partition(), 0));
            if (unavailable.contains(target)) {
                waiting.put(callback, target);
                return new CompletableFuture<>();
            }
            return super.send(record, (metadata, failure) -> callback.onCompletion(metadata(target), failure));
        }

        private static RecordMetadata metadata(TopicPartition target) {
            return new RecordMetadata(target, -1, -1, -1, -1, -1);
        }

        private void expire() {
            passedNanos.addAndGet(Duration.ofSeconds(10).toNanos());
            failed = true;
            RuntimeException expired = new TimeoutException("Expiring 1 record(s)");
            for (Map.Entry<Callback, TopicPartition> each : waiting.entrySet()) {
                each.getKey().onCompletion(metadata(each.getValue()), expired);
                expired = new TransactionAbortableException("aborted after exhausting retries", expired);
            }
            waiting.clear();
        }

        private Future<RecordMetadata> reject(Callback callback, Exception rejection) {
            failed = true;
            rejections.incrementAndGet();
            callback.onCompletion(null, rejection);
            return CompletableFuture.failedFuture(rejection);
        }

        @Override
        public void sendOffsetsToTransaction(
                Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata metadata) {
            failIfInErrorState();
            groups.add(metadata);
            super.sendOffsetsToTransaction(offsets, metadata);
        }

        @Override
        public void commitTransaction() {
            if (!waiting.isEmpty()) {
                expire();
            }
            failIfInErrorState();
            if (commitTries.incrementAndGet() <= commitFailures) {
                throw new KafkaException("commit failed");
            }
            super.commitTransaction();
        }

        @Override
        public void abortTransaction() {
            failed = false;
            super.abortTransaction();
        }

        private void failIfInErrorState() {
            if (failed) {
                throw new KafkaException("in an error state");
            }
        }
    }
}
