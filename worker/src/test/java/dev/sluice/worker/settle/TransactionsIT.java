package dev.sluice.worker.settle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.worker.intake.BundleAssignor;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.threads.WorkerException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests the answers of a real broker to a producer that was fenced, too slow, or idle for too long. */
@Timeout(120)
class TransactionsIT {
    private static final Duration BOUND = Duration.ofSeconds(30);
    private static final AtomicInteger NAMES = new AtomicInteger();
    private static SandboxBroker broker;
    private static Admin admin;

    private final String id = "id-" + NAMES.incrementAndGet();
    private final TopicPartition output = new TopicPartition("out-" + id, 0);
    private final TopicPartition input = new TopicPartition("in-" + id, 0);
    private final List<Producer<byte[], byte[]>> made = new ArrayList<>();

    @BeforeAll
    static void start() {
        broker = SandboxBroker.start(BrokerSettings.defaults()
                .withProperty("transaction.abort.timed.out.transaction.cleanup.interval.ms", "200")
                .withProperty("transactional.id.expiration.ms", "4000")
                .withProperty("transaction.remove.expired.transaction.cleanup.interval.ms", "500"));
        admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }

    @AfterAll
    static void stop() {
        admin.close();
        broker.close();
    }

    @BeforeEach
    void topics() throws ExecutionException, InterruptedException {
        SandboxTopics.create(
                admin, List.of(new NewTopic(output.topic(), 1, (short) 1), new NewTopic(input.topic(), 1, (short) 1)));
    }

    @Test
    void aTransactionThatOutlivesItsTimeoutBeforeASendIsNoClash() {
        assertTimedOutTransactionIsNoClash("send", 2);
    }

    @Test
    void aTransactionThatOutlivesItsTimeoutBeforeItsOffsetsIsNoClash() {
        assertTimedOutTransactionIsNoClash("sendOffsetsToTransaction", 1);
    }

    @Test
    void aTransactionThatOutlivesItsTimeoutBeforeItsCommitIsNoClash() {
        assertTimedOutTransactionIsNoClash("commitTransaction", 1);
    }

    /** Each of the two initialises the id and so fences the other. Only the group knows which is the older. */
    @Test
    void ofTwoWithOneIdTheOneThatTheGroupHasFencedEndsClearlyAndTheOtherGoesOn() {
        try (Consumer<byte[], byte[]> olderMember = member();
                Consumer<byte[], byte[]> youngerMember = member();
                Transactions older = transactions();
                Transactions younger = transactions()) {
            ConsumerGroupMetadata ofOlder = joined(olderMember);
            commit(older, batch(ofOlder, 1, "a", "b"), 1);
            ConsumerGroupMetadata ofYounger = joined(youngerMember);
            commit(younger, batch(ofYounger, 2, "c", "d"), 1);

            assertThatThrownBy(() -> commit(older, batch(ofOlder, 3, "of", "nobody"), 2))
                    .isInstanceOf(WorkerException.class)
                    .hasMessageContaining("--instance-id");
            commit(younger, batch(ofYounger, 3, "e", "f"), 2);
            commit(younger, batch(ofYounger, 4, "g"), 1);

            assertThat(published()).containsExactly("a", "b", "c", "d", "e", "f", "g");
        }
    }

    /** The two behave like workers that have not joined the group yet or cannot reach it. */
    @Test
    void ofTwoWithOneIdNeitherEndsUnlessTheGroupHasFencedIt() {
        try (Transactions first = transactions();
                Transactions second = transactions()) {
            int turns = 6;
            for (int turn = 0; turn < turns; turn++) {
                commit(turn % 2 == 0 ? first : second, batch(turn + 1, "a"), 2);
            }

            assertThat(published()).hasSize(turns);
        }
    }

    @Test
    void anIdThatHasExpiredIsInitialisedAnew() {
        try (Transactions transactions = transactions()) {
            commit(transactions, batch(1, "a"), 1);
            await().atMost(BOUND)
                    .until(() -> admin.listTransactions().all().get().stream()
                            .noneMatch(listing -> listing.transactionalId().equals(id)));

            commit(transactions, batch(2, "b"), 2);

            assertThat(published()).containsExactly("a", "b");
            assertThat(made).hasSize(2);
        }
    }

    /** The commit lands, but the producer gets no answer and cannot abort. */
    @Test
    void aCommitOfUnknownEndThatHasLandedIsNotSentAgain() {
        Transactions transactions = transactions("commitTransaction", 1, true, producer -> {
            producer.commitTransaction();
            throw new InvalidPidMappingException("as if");
        });
        try (transactions) {
            assertThat(transactions.run(batch(1, "a"))).isEqualTo(TransactionResult.COMMITTED);
            assertThat(published()).containsExactly("a");
        }
    }

    @Test
    void aCommitOfUnknownEndThatHasNotLandedIsAborted() {
        Transactions transactions = transactions("commitTransaction", 1, true, producer -> {
            throw new InvalidPidMappingException("as if");
        });
        try (transactions) {
            assertThat(transactions.run(batch(1, "a"))).isEqualTo(TransactionResult.ABORTED);
            assertThat(transactions.run(batch(1, "a"))).isEqualTo(TransactionResult.COMMITTED);
            assertThat(published()).containsExactly("a");
        }
    }

    private void assertTimedOutTransactionIsNoClash(String method, int call) {
        Transactions transactions = transactions(method, call, false, producer -> {
            producer.flush();
            await().atMost(BOUND).until(() -> state() == TransactionState.ONGOING);
            await().atMost(BOUND).until(() -> state() != TransactionState.ONGOING);
        });
        try (transactions) {
            assertThat(transactions.run(batch(1, "a", "b"))).isEqualTo(TransactionResult.ABORTED);
            assertThat(transactions.run(batch(1, "a", "b"))).isEqualTo(TransactionResult.COMMITTED);
            assertThat(published()).containsExactly("a", "b");
        }
    }

    private static void commit(Transactions transactions, TransactionBatch batch, int maxTries) {
        int tries = 1;
        while (!transactions.run(batch).committed()) {
            assertThat(tries++).isLessThan(maxTries);
        }
    }

    private TransactionState state() throws ExecutionException, InterruptedException {
        return admin.describeTransactions(List.of(id)).description(id).get().state();
    }

    private Transactions transactions() {
        return transactions("none", 1, false, producer -> {});
    }

    /**
     * Returns transactions whose first producer is disturbed.
     *
     * @param call the number of the call of {@code method} before which the disturbance happens
     * @param unusable true to also make each abort fail
     */
    private Transactions transactions(String method, int call, boolean unusable, Disturbance disturbance) {
        AtomicInteger producers = new AtomicInteger();
        return new Transactions(
                new TransactionalId(admin, id),
                time -> {
                    Producer<byte[], byte[]> producer = KafkaClients.transactionalProducer(kafka(), id, 1 << 20);
                    made.add(producer);
                    return producers.incrementAndGet() == 1
                            ? disturbed(producer, method, call, unusable, disturbance)
                            : producer;
                },
                () -> KafkaClients.groupOffsetReader(kafka(), group()),
                () -> {});
    }

    private static Map<String, Object> kafka() {
        return Map.of("bootstrap.servers", broker.bootstrapServers(), "transaction.timeout.ms", 2_000);
    }

    private String group() {
        return "group-" + id;
    }

    private interface Disturbance {
        void before(Producer<byte[], byte[]> producer);
    }

    @SuppressWarnings("unchecked")
    private static Producer<byte[], byte[]> disturbed(
            Producer<byte[], byte[]> producer, String method, int call, boolean unusable, Disturbance disturbance) {
        AtomicInteger calls = new AtomicInteger();
        return (Producer<byte[], byte[]>) Proxy.newProxyInstance(
                TransactionsIT.class.getClassLoader(), new Class<?>[] {Producer.class}, (proxy, called, arguments) -> {
                    if (called.getName().equals(method) && calls.incrementAndGet() == call) {
                        disturbance.before(producer);
                    }
                    if (unusable && called.getName().equals("abortTransaction")) {
                        throw new IllegalStateException("as if");
                    }
                    try {
                        return called.invoke(producer, arguments);
                    } catch (InvocationTargetException failed) {
                        throw failed.getCause();
                    }
                });
    }

    private Consumer<byte[], byte[]> member() {
        return KafkaClients.groupMember(
                kafka(), group(), "member", Optional.of("one"), BundleAssignor.class, Duration.ofMinutes(5));
    }

    private ConsumerGroupMetadata joined(Consumer<byte[], byte[]> member) {
        member.subscribe(List.of(input.topic()));
        await().atMost(BOUND).until(() -> {
            member.poll(Duration.ofMillis(100));
            return member.groupMetadata().generationId() >= 0;
        });
        return member.groupMetadata();
    }

    @SuppressWarnings("removal")
    private TransactionBatch batch(long offset, String... values) {
        return batch(new ConsumerGroupMetadata(group()), offset, values);
    }

    private TransactionBatch batch(ConsumerGroupMetadata member, long offset, String... values) {
        List<List<ProducerRecord<byte[], byte[]>>> records = new ArrayList<>();
        for (String value : values) {
            records.add(List.of(new ProducerRecord<>(output.topic(), value.getBytes(UTF_8))));
        }
        return new TransactionBatch(records, Map.of(input, new OffsetAndMetadata(offset, "")), member);
    }

    private List<String> published() {
        List<String> values = new ArrayList<>();
        try (Consumer<byte[], byte[]> reader = KafkaClients.groupOffsetReader(kafka(), group())) {
            reader.assign(List.of(output));
            reader.seekToBeginning(List.of(output));
            long end = reader.endOffsets(List.of(output)).get(output);
            while (reader.position(output) < end) {
                reader.poll(Duration.ofMillis(100)).forEach(record -> values.add(new String(record.value(), UTF_8)));
            }
        }
        return values;
    }
}
