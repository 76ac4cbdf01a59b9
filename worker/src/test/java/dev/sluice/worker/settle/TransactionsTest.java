package dev.sluice.worker.settle;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.worker.LogLines;
import dev.sluice.worker.threads.WorkerException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.InvalidTxnTimeoutException;
import org.apache.kafka.common.errors.NetworkException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class TransactionsTest {
    private static final TopicPartition PARTITION = new TopicPartition("in", 0);
    private static final OffsetAndMetadata OFFSET =
            new OffsetAndMetadata(3, AckRuns.of(5, 6).encode(3));

    /** The calls to all producers and readers, in order. */
    private final List<String> events = new ArrayList<>();

    /** The number of these calls at each heartbeat. */
    private final List<Integer> heartbeatsAt = new ArrayList<>();

    /** The seconds that the transactions of each producer may take. */
    private final List<Long> times = new ArrayList<>();

    private final Deque<FakeProducer> prepared = new ArrayDeque<>();
    private final Deque<RuntimeException> constructionFailures = new ArrayDeque<>();
    private final Deque<RuntimeException> readFailures = new ArrayDeque<>();
    private Map<TopicPartition, OffsetAndMetadata> committed = Map.of();
    private Runnable whilePausing = () -> {};
    private final List<Long> paused = new ArrayList<>();
    private long now;

    private final FakeTransactionalId id = new FakeTransactionalId();
    private final Transactions transactions = new Transactions(
            id,
            time -> {
                events.add("new");
                times.add(time.toSeconds());
                failIfAny(constructionFailures);
                return prepared.remove();
            },
            FakeReader::new,
            () -> heartbeatsAt.add(events.size()),
            () -> now,
            nanos -> {
                events.add("pause");
                paused.add(nanos);
                now += nanos;
                whilePausing.run();
            });

    @Test
    void recordsAndOffsetsAreOneTransaction() {
        FakeProducer producer = prepare();

        TransactionResult result = transactions.run(batch("a", "b"));

        assertThat(result).isEqualTo(TransactionResult.COMMITTED);
        assertThat(values(producer)).containsExactly("a", "b");
        assertThat(producer.consumerGroupOffsetsHistory()).containsExactly(Map.of("group", Map.of(PARTITION, OFFSET)));
        assertThat(events).containsExactly("new", "init", "begin", "send", "send", "offsets", "commit");
    }

    @Test
    void markersAreLikelyToBeWrittenTwiceAsLongAfterTheEndAsItTook() {
        FakeProducer producer = prepare();
        producer.commitNanos = 3;
        transactions.awaitMarkers();
        transactions.run(batch("a"));
        assertThat(paused).isEmpty();

        transactions.awaitMarkers();
        assertThat(paused).containsExactly(6L);
        transactions.awaitMarkers();
        assertThat(paused).hasSize(1);

        transactions.run(batch("b"));
        now += 2;
        transactions.awaitMarkers();
        assertThat(paused).containsExactly(6L, 4L);

        transactions.run(batch("c"));
        now += 6;
        transactions.awaitMarkers();
        assertThat(paused).hasSize(2);
    }

    @Test
    void markersOfAnAbortAreWaitedForToo() {
        FakeProducer producer = prepare();
        producer.abortNanos = 5;
        producer.offsetsFailures.add(new CommitFailedException("rebalanced"));

        transactions.run(batch("a"));
        transactions.awaitMarkers();

        assertThat(paused).containsExactly(10L);
    }

    @Test
    void aPauseThatEndsTooEarlyGoesOn() {
        FakeProducer producer = prepare();
        producer.commitNanos = 3;
        transactions.run(batch("a"));
        whilePausing = () -> {
            whilePausing = () -> {};
            now -= 2;
        };

        transactions.awaitMarkers();

        assertThat(paused).containsExactly(6L, 2L);
    }

    @Test
    void markersAreNotWaitedForAsLongAsASlowCommitTook() {
        FakeProducer producer = prepare();
        producer.commitNanos = Duration.ofSeconds(4).toNanos();

        transactions.run(batch("a"));
        transactions.awaitMarkers();

        assertThat(paused).containsExactly(Duration.ofMillis(15).toNanos());
    }

    @Test
    void aBatchThatTimedOutAloneHasMoreTimeUntilItIsQuickAgain() {
        FakeProducer first = prepare();
        String large = "x".repeat(2 << 20);
        for (int i = 0; i < 3; i++) {
            first.offsetsFailures.add(new TimeoutException("throttled"));
        }
        FakeProducer patient = prepare();
        patient.commitNanos = Duration.ofSeconds(40).toNanos();
        prepare().commitNanos = 1;
        prepare().commitNanos = 1;
        prepare();

        assertThat(transactions.run(batch(large))).isEqualTo(TransactionResult.ABORTED);
        assertThat(transactions.run(batch(large, "b"))).isEqualTo(TransactionResult.COMMITTED);
        transactions.run(batch("c"));
        transactions.run(batch(large));
        transactions.run(batch(large));

        assertThat(times).containsExactly(10L, 60L, 10L, 60L, 10L);
        assertThat(events.stream().filter("close"::equals)).hasSize(4);
    }

    @Test
    void itWaitsForALateBatchAsLongAsItsTransactionMayTake() {
        FakeProducer first = prepare();
        String large = "x".repeat(2 << 20);
        for (int i = 0; i < 3; i++) {
            first.offsetsFailures.add(new TimeoutException("throttled"));
        }
        FakeProducer patient = prepare();
        for (int i = 0; i < 12; i++) {
            patient.offsetsFailures.add(new TimeoutException("throttled"));
        }

        transactions.run(batch(large));

        assertThat(transactions.run(batch(large))).isEqualTo(TransactionResult.COMMITTED);
    }

    @Test
    void aSmallBatchAndOneWithOthersHaveNoMoreTime() {
        FakeProducer only = prepare();
        String large = "x".repeat(2 << 20);
        for (int i = 0; i < 6; i++) {
            only.offsetsFailures.add(new TimeoutException("no coordinator"));
        }

        transactions.run(batch("a"));
        transactions.run(batch(large, "b"));
        transactions.run(batch("a"));
        transactions.run(batch(large, "b"));

        assertThat(times).containsExactly(10L);
    }

    @Test
    void aTimeThatTheBrokerDoesNotAllowIsNotTriedAgain() {
        FakeProducer first = prepare();
        String large = "x".repeat(2 << 20);
        for (int i = 0; i < 3; i++) {
            first.offsetsFailures.add(new TimeoutException("throttled"));
        }
        prepare().initFailures.add(new InvalidTxnTimeoutException("larger than transaction.max.timeout.ms"));
        prepare();

        transactions.run(batch(large));
        transactions.run(batch(large));

        assertThat(times).containsExactly(10L, 60L, 10L);
    }

    @Test
    void theProducerIsKept() {
        prepare();

        transactions.run(batch("a"));
        transactions.run(batch("b"));

        assertThat(events).containsOnlyOnce("new").doesNotContain("close");
    }

    @Test
    void theSettlementWhoseRecordIsRejectedIsNamed() {
        FakeProducer producer = prepare();
        Exception tooLarge = new RecordTooLargeException("too large");
        producer.rejected.put("b", new TransactionAbortedException("with the others"));
        producer.rejected.put("c", new NetworkException("disconnected"));
        producer.rejected.put("d2", tooLarge);
        producer.offsetsFailures.add(new KafkaException("in an error state"));

        TransactionResult result = transactions.run(batch("a", "b", "c", "d1 d2", "e"));

        assertThat(result)
                .isEqualTo(new TransactionResult(false, Map.of(3, tooLarge), FailedPartitions.NONE, Optional.empty()));
        assertThat(events).endsWith("offsets", "abort").doesNotContain("commit", "close");
        assertThat(producer.history()).isEmpty();
    }

    /** Otherwise each of a thousand sends would wait for metadata that does not exist. */
    @Test
    void aSendThatTimesOutEndsTheAttempt() {
        FakeProducer producer = prepare();
        producer.rejected.put("b", new TimeoutException("no metadata of its topic"));

        TransactionResult result = transactions.run(batch("a", "b", "c", "d"));

        assertThat(result.committed()).isFalse();
        assertThat(result.rejections()).isEmpty();
        assertThat(result.failedPartitions().unavailable()).isEqualTo(Map.of(new TopicPartition("out", -1), Set.of(1)));
        assertThat(events).containsExactly("new", "init", "begin", "send", "send", "abort");
    }

    @Test
    void aRejectionBecauseTheGroupRebalancesIsNoWarning() {
        FakeProducer producer = prepare();
        producer.offsetsFailures.add(new CommitFailedException("generation id is not valid"));

        try (LogLines log = new LogLines(Transactions.class)) {
            assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);
            assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

            assertThat(log.all()).hasSize(1).first().asString().startsWith("INFO Group is rebalancing");
        }
        assertThat(values(producer)).containsExactly("a");
    }

    @Test
    void aCommitThatTimesOutIsRepeatedAndNothingElseIsDone() {
        FakeProducer producer = prepare();
        producer.commitFailures.add(new TimeoutException("slow"));
        producer.commitFailures.add(new TimeoutException("slow"));

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

        assertThat(events).endsWith("offsets", "commit", "commit", "commit").doesNotContain("abort", "close");
    }

    @Test
    void afterAnUnknownEndTheIdIsInitialisedAnewBeforeOffsetsAreRead() {
        endsUnknown(prepare());
        prepare();
        committed = Map.of(PARTITION, OFFSET);

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

        assertThat(events).endsWith("commit", "commit", "commit", "abort", "close", "new", "init", "read");
    }

    @Test
    void aTransactionThatHasNotLandedIsAborted() {
        endsUnknown(prepare());
        FakeProducer next = prepare();
        committed = Map.of(PARTITION, new OffsetAndMetadata(3));

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);
        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

        assertThat(values(next)).containsExactly("a");
    }

    /** A broker that was killed may have forgotten the commit, and the abort takes away what both have written. */
    @Test
    void aConfirmedCommitThatIsLostInAnOutageEndsTheWorker() {
        FakeProducer producer = prepare();
        transactions.run(batch("a"));
        committed = Map.of(PARTITION, new OffsetAndMetadata(3));
        isAway(producer);

        assertThatThrownBy(() -> transactions.run(batch("b")))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("lost a commit");
    }

    @Test
    void aConfirmedCommitThatIsThereAfterAnOutageIsNoReasonToEnd() {
        FakeProducer producer = prepare();
        transactions.run(batch("a"));
        committed = Map.of(PARTITION, OFFSET);
        isAway(producer);

        assertThat(transactions.run(batch("b")).committed()).isFalse();
        assertThat(events).endsWith("abort", "read");
    }

    @Test
    void aConfirmedCommitThatNobodyCanReadIsNoReasonToEnd() {
        FakeProducer producer = prepare();
        transactions.run(batch("a"));
        isAway(producer);
        readFailures.add(new TimeoutException("unstable"));

        assertThat(transactions.run(batch("b")).committed()).isFalse();
        assertThat(events).as("nothing is committed while it asks").endsWith("abort", "read");
    }

    /** A broker needs longer than a second to go and come back, so a rejection under load costs no look-up. */
    @Test
    void aFailureRightAfterACommitAsksForNothing() {
        FakeProducer producer = prepare();
        transactions.run(batch("a"));
        producer.offsetsFailures.add(new CommitFailedException("stale"));

        assertThat(transactions.run(batch("b")).committed()).isFalse();
        assertThat(events).doesNotContain("read");
    }

    /** The outage may have been over before the transaction began, and its abort takes the commit away all the same. */
    @Test
    void aConfirmedCommitIsLookedUpAfterAQuickFailureToo() {
        FakeProducer producer = prepare();
        transactions.run(batch("a"));
        committed = Map.of(PARTITION, new OffsetAndMetadata(3));
        now += Duration.ofSeconds(5).toNanos();
        producer.offsetsFailures.add(new CommitFailedException("stale"));

        assertThatThrownBy(() -> transactions.run(batch("b"))).isInstanceOf(WorkerException.class);
    }

    /** All else of this stage needs the right to write. */
    @Test
    void offsetsThatMayNotBeReadNameTheRightToRead() {
        FakeProducer producer = prepare();
        transactions.run(batch("a"));
        now += Duration.ofSeconds(5).toNanos();
        producer.offsetsFailures.add(new KafkaException("Unexpected error in TxnOffsetCommitResponse"));
        readFailures.add(new TopicAuthorizationException(Set.of("chat.requests")));

        assertThatThrownBy(() -> transactions.run(batch("b")))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("give this user Read on topic chat.requests");
    }

    private static void isAway(FakeProducer producer) {
        for (int i = 0; i < 4; i++) {
            producer.offsetsFailures.add(new TimeoutException("away"));
        }
    }

    @Test
    void offsetsThatCannotBeReadAreAskedForUntilTheyAreKnown() {
        endsUnknown(prepare());
        prepare();
        readFailures.add(new TimeoutException("unstable"));
        readFailures.add(new TimeoutException("unstable"));
        committed = Map.of(PARTITION, OFFSET);

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

        assertThat(events).endsWith("init", "read", "pause", "read", "pause", "read");
    }

    /** A broker that was killed may never end a transaction, and nothing but a tool of Kafka's helps then. */
    @Test
    void afterAMinuteWithoutOffsetsTheRemedyIsNamed() {
        endsUnknown(prepare());
        prepare();
        for (int i = 0; i < 7; i++) {
            readFailures.add(new TimeoutException("unstable"));
        }
        committed = Map.of(PARTITION, OFFSET);

        try (LogLines log = new LogLines(Transactions.class)) {
            assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

            assertThat(log.all().stream().filter(line -> line.contains("Committed offsets could not be read")))
                    .hasSize(2)
                    .last()
                    .asString()
                    .contains("kafka-transactions.sh find-hanging");
        }
    }

    @Test
    void offsetsThatMayNotBeReadAreNoAnswerEither() {
        endsUnknown(prepare());
        prepare();
        readFailures.add(GroupAuthorizationException.forGroupId("workers"));

        assertThatThrownBy(() -> transactions.run(batch("a")))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("give this user Read on consumer group 'workers'");
    }

    @Test
    void stopEndsTheWaitForOffsets() {
        endsUnknown(prepare());
        prepare();
        whilePausing = transactions::stop;
        for (int i = 0; i < 3; i++) {
            readFailures.add(new TimeoutException("unstable"));
        }

        assertThatThrownBy(() -> transactions.run(batch("a"))).isInstanceOf(TimeoutException.class);

        assertThat(events).endsWith("read", "pause", "read");
    }

    /** The broker answers a commit like this if it has ended the transaction itself because it took too long. */
    @Test
    void anEndInAnInvalidStateIsLookedIntoToo() {
        FakeProducer producer = prepare();
        producer.commitFailures.add(new InvalidTxnStateException("ended before"));
        producer.abortFailures.add(new KafkaException("in an error state"));
        prepare();

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);

        assertThat(events).endsWith("commit", "abort", "close", "new", "init", "read");
    }

    @Test
    void aTransactionThatEndsBeforeItsCommitHasNotLandedWhateverIsCommitted() {
        FakeProducer producer = prepare();
        for (int i = 0; i < 3; i++) {
            producer.offsetsFailures.add(new TimeoutException("no coordinator"));
        }
        producer.abortFailures.add(new IllegalStateException("offsets timed out"));
        prepare();
        committed = Map.of(PARTITION, OFFSET);

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);

        assertThat(events).endsWith("offsets", "abort", "close", "new", "init").doesNotContain("read");
    }

    @Test
    void aStaleGenerationIsAbortedWithTheSameProducer() {
        FakeProducer producer = prepare();
        producer.offsetsFailures.add(new CommitFailedException("rebalanced"));

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);

        assertThat(events).endsWith("abort").doesNotContain("close");
    }

    @Test
    void anExpiredOrConfusedProducerIsReplaced() {
        for (KafkaException failure :
                List.of(new InvalidPidMappingException("expired"), new OutOfOrderSequenceException("gap"))) {
            FakeProducer producer = prepare();
            producer.offsetsFailures.add(new KafkaException("in an error state", failure));
            producer.abortFailures.add(new KafkaException("in an error state", failure));
            FakeProducer next = prepare();

            assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);
            assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

            assertThat(values(next)).containsExactly("a");
            transactions.close();
        }
    }

    @Test
    void aSequenceErrorThatCanBeAbortedKeepsTheProducer() {
        FakeProducer producer = prepare();
        producer.offsetsFailures.add(new OutOfOrderSequenceException("gap"));

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);
        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

        assertThat(events).containsOnlyOnce("new");
    }

    /**
     * The group alone can tell which of two workers with one id is the younger. While they initialise the id in turns,
     * neither ends.
     */
    @Test
    void goesOnHoweverOftenItIsFenced() {
        for (int i = 0; i < 5; i++) {
            isFenced(prepare());
        }
        prepare().initFailures.add(fenced());
        FakeProducer last = prepare();

        for (int i = 0; i < 5; i++) {
            assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);
        }
        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

        assertThat(values(last)).containsExactly("a");
    }

    /** A broker answers this to the first send after another producer was initialised. Only the abort is "fenced". */
    @Test
    void anOldEpochWhoseAbortIsFencedIsReplaced() {
        FakeProducer old = prepare();
        old.offsetsFailures.add(new InvalidProducerEpochException("old epoch"));
        old.abortFailures.add(fenced());
        FakeProducer next = prepare();

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);
        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

        assertThat(values(next)).containsExactly("a");
    }

    /** A broker answers this if it has ended the transaction itself because it took too long. */
    @Test
    void anOldEpochThatCanBeAbortedIsNoFencing() {
        FakeProducer producer = prepare();
        for (int i = 0; i < 3; i++) {
            producer.offsetsFailures.add(new InvalidProducerEpochException("old epoch"));
            assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.ABORTED);
        }

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);
        assertThat(events).containsOnlyOnce("new");
    }

    @Test
    void aTransactionThatWasFencedInItsCommitMayHaveLanded() {
        FakeProducer producer = prepare();
        producer.commitFailures.add(fenced());
        producer.abortFailures.add(fenced());
        prepare();
        committed = Map.of(PARTITION, OFFSET);

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);
    }

    @Test
    void anInstanceIdThatTheGroupHasGivenToAnotherMemberEndsTheWorkerAtOnce() {
        FakeProducer producer = prepare();
        producer.offsetsFailures.add(new FencedInstanceIdException("another member"));

        assertThatThrownBy(() -> transactions.run(batch("a")))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("--instance-id");
        assertThat(events).as("no open transaction is left behind").endsWith("offsets", "abort");
    }

    @Test
    void anInitialisationIsTriedUntilItSucceedsEachTimeWithANewProducer() {
        prepare().initFailures.add(new TimeoutException("no coordinator"));
        prepare().initFailures.add(fenced());
        prepare();

        transactions.replace();

        assertThat(events)
                .containsExactly("new", "init", "pause", "close", "new", "init", "pause", "close", "new", "init");
    }

    /** The names of containers vanish with their containers. */
    @Test
    void aBrokerWhoseNameIsGoneIsWaitedFor() {
        endsUnknown(prepare());
        prepare();
        committed = Map.of(PARTITION, OFFSET);
        transactions.replace();
        constructionFailures.add(unresolved("producer"));
        readFailures.add(unresolved("consumer"));

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

        assertThat(events).endsWith("abort", "close", "new", "pause", "new", "init", "read", "pause", "read");
    }

    /** A producer cannot be made every half second. */
    @Test
    void aTroubleIsToldWithItsCauseOnceAMinute() {
        for (int i = 0; i < 2 * 60 + 10; i++) {
            constructionFailures.add(unresolved("producer"));
        }
        prepare();

        try (LogLines log = new LogLines(Transactions.class)) {
            transactions.replace();

            assertThat(log.all()).hasSize(2).allMatch(line -> line.contains("No resolvable bootstrap urls"));
        }
    }

    @Test
    void aClientThatIsConfiguredWronglyIsNotTriedAgain() {
        constructionFailures.add(
                new KafkaException("Failed to construct kafka producer", new ConfigException("no such mechanism")));

        assertThatThrownBy(transactions::replace).hasRootCauseInstanceOf(ConfigException.class);
    }

    private static KafkaException unresolved(String client) {
        return new KafkaException(
                "Failed to construct kafka " + client,
                new ConfigException("No resolvable bootstrap urls given in bootstrap.servers"));
    }

    @Test
    void anInitialisationThatIsNotAllowedIsNotRepeated() {
        prepare().initFailures.add(new TransactionalIdAuthorizationException("id"));

        assertThatThrownBy(transactions::replace).isInstanceOf(TransactionalIdAuthorizationException.class);
    }

    @Test
    void anIdWhoseLastTransactionKafkaCannotEndIsLeft() {
        prepare().initFailures.add(new TimeoutException("concurrent transactions"));
        prepare();
        id.isEndingFor(Integer.MAX_VALUE);

        TransactionResult result = transactions.run(batch("a"));

        assertThat(result).isEqualTo(TransactionResult.COMMITTED);
        assertThat(id.changes()).isEqualTo(1);
        assertThat(paused.stream().mapToLong(nanos -> nanos).sum()).isGreaterThanOrEqualTo(3_000_000_000L);
    }

    @Test
    void anIdIsLeftAtOnceWhereAPartitionTookNothingNotEvenTheEndOfItsTransaction() {
        FakeProducer producer = prepare();
        producer.rejected.put("a", new NotEnoughReplicasException("1 of 2 in sync"));
        producer.offsetsFailures.add(new KafkaException("a send has failed"));
        FakeProducer next = prepare();
        id.isEndingFor(Integer.MAX_VALUE);

        TransactionResult failed = transactions.run(batch("a"));
        TransactionResult result = transactions.run(batch("b"));

        assertThat(failed.committed()).isFalse();
        assertThat(failed.failedPartitions().unavailable()).containsOnlyKeys(new TopicPartition("out", -1));
        assertThat(result).isEqualTo(TransactionResult.COMMITTED);
        assertThat(id.changes()).isEqualTo(1);
        assertThat(values(next)).containsExactly("b");
    }

    @Test
    void anIdWhoseLastTransactionEndsInTimeIsKept() {
        prepare().initFailures.add(new TimeoutException("concurrent transactions"));
        prepare();
        id.isEndingFor(5);

        assertThat(transactions.run(batch("a"))).isEqualTo(TransactionResult.COMMITTED);

        assertThat(id.changes()).isZero();
    }

    @Test
    void stopEndsTheWaitForACoordinator() {
        prepare().initFailures.add(new TimeoutException("no coordinator"));
        prepare().initFailures.add(new TimeoutException("no coordinator"));
        whilePausing = transactions::stop;

        assertThatThrownBy(transactions::replace).isInstanceOf(TimeoutException.class);

        assertThat(events).containsExactly("new", "init", "pause", "close", "new", "init");
    }

    /** Kafka bounds each of these calls. Nothing bounds how many follow each other while the broker is away. */
    @Test
    void itsHeartbeatGoesOnHoweverLongTheBrokerIsAway() {
        for (int i = 0; i < 500; i++) {
            prepare().initFailures.add(new TimeoutException("no broker"));
        }
        FakeProducer producer = prepare();
        producer.commitFailures.addAll(
                List.of(new TimeoutException("slow"), new TimeoutException("slow"), new TimeoutException("slow")));
        producer.abortFailures.add(new KafkaException("unknown end"));
        for (int i = 0; i < 500; i++) {
            readFailures.add(new TimeoutException("no broker"));
        }
        prepare();

        transactions.run(batch("a", "b", "c"));

        assertThat(events).hasSizeGreaterThan(2_000);
        heartbeatsAt.add(events.size());
        for (int i = 1; i < heartbeatsAt.size(); i++) {
            assertThat(events.subList(heartbeatsAt.get(i - 1), heartbeatsAt.get(i)))
                    .hasSizeLessThanOrEqualTo(4);
        }
    }

    /** Returns the producer that is made next. */
    private FakeProducer prepare() {
        FakeProducer producer = new FakeProducer();
        prepared.add(producer);
        return producer;
    }

    private static void endsUnknown(FakeProducer producer) {
        for (int i = 0; i < 3; i++) {
            producer.commitFailures.add(new TimeoutException("slow"));
        }
        producer.abortFailures.add(new IllegalStateException("the commit must be repeated"));
    }

    private static void isFenced(FakeProducer producer) {
        producer.offsetsFailures.add(fenced());
        producer.abortFailures.add(fenced());
    }

    /** @param settlements the values of the records of each settlement, separated by a space */
    private static TransactionBatch batch(String... settlements) {
        List<List<ProducerRecord<byte[], byte[]>>> records =
                Arrays.stream(settlements).map(TransactionsTest::records).toList();
        return new TransactionBatch(records, Map.of(PARTITION, OFFSET), metadata());
    }

    private static List<ProducerRecord<byte[], byte[]>> records(String values) {
        return Arrays.stream(values.split(" "))
                .map(value -> new ProducerRecord<byte[], byte[]>("out", value.getBytes(UTF_8)))
                .toList();
    }

    @SuppressWarnings("removal")
    private static ConsumerGroupMetadata metadata() {
        return new ConsumerGroupMetadata("group", 3, "member", Optional.empty());
    }

    private static List<String> values(FakeProducer producer) {
        return producer.history().stream()
                .map(record -> new String(record.value(), UTF_8))
                .toList();
    }

    private static ProducerFencedException fenced() {
        return new ProducerFencedException("fenced");
    }

    private static void failIfAny(Deque<RuntimeException> failures) {
        if (!failures.isEmpty()) {
            throw failures.remove();
        }
    }

    /** A call that times out has blocked for the producer's max.block.ms. */
    private void blockIfAny(Deque<RuntimeException> failures) {
        if (failures.peek() instanceof TimeoutException) {
            now += Duration.ofSeconds(5).toNanos();
        }
        failIfAny(failures);
    }

    private final class FakeReader extends MockConsumer<byte[], byte[]> {
        FakeReader() {
            super("earliest");
        }

        @Override
        public synchronized Map<TopicPartition, OffsetAndMetadata> committed(
                Set<TopicPartition> partitions, Duration timeout) {
            events.add("read");
            failIfAny(readFailures);
            return committed;
        }
    }

    /** A producer that throws each prepared failure once. */
    private final class FakeProducer extends MockProducer<byte[], byte[]> {
        private final Deque<RuntimeException> initFailures = new ArrayDeque<>();
        private final Deque<RuntimeException> offsetsFailures = new ArrayDeque<>();
        private final Deque<RuntimeException> commitFailures = new ArrayDeque<>();
        private final Deque<RuntimeException> abortFailures = new ArrayDeque<>();
        private final Map<String, Exception> rejected = new HashMap<>();
        private long commitNanos;
        private long abortNanos;

        FakeProducer() {
            super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
        }

        @Override
        public void initTransactions() {
            events.add("init");
            failIfAny(initFailures);
            super.initTransactions();
        }

        @Override
        public void beginTransaction() {
            events.add("begin");
            super.beginTransaction();
        }

        @Override
        public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
            events.add("send");
            Exception rejection = rejected.get(new String(record.value(), UTF_8));
            if (rejection == null) {
                return super.send(record, callback);
            }
            callback.onCompletion(null, rejection);
            return CompletableFuture.failedFuture(rejection);
        }

        @Override
        public void sendOffsetsToTransaction(
                Map<TopicPartition, OffsetAndMetadata> offsets, ConsumerGroupMetadata metadata) {
            events.add("offsets");
            blockIfAny(offsetsFailures);
            super.sendOffsetsToTransaction(offsets, metadata);
        }

        @Override
        public void commitTransaction() {
            events.add("commit");
            now += commitNanos;
            blockIfAny(commitFailures);
            super.commitTransaction();
        }

        @Override
        public void abortTransaction() {
            events.add("abort");
            now += abortNanos;
            failIfAny(abortFailures);
            super.abortTransaction();
        }

        @Override
        public void close(Duration timeout) {
            events.add("close");
            super.close(timeout);
        }
    }
}
