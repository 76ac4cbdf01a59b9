package dev.sluice.worker.intake;

import static dev.sluice.worker.intake.FakeLog.requests;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.worker.LogLines;
import dev.sluice.worker.Requests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class RebalanceHandlerTest {
    private static final long ROOM = Long.MAX_VALUE;
    private static final TopicPartition FIRST = requests(0);
    private static final TopicPartition SECOND = requests(1);
    private static final TopicPartition RETRY = new TopicPartition(FakeLog.TOPICS.retry(), 0);
    private static final long NOW = 1_000_000;

    private final LogConsumer consumer = new LogConsumer(new FakeLog(), 500);
    private final List<String> journal = new ArrayList<>();
    private final RecordingSink downstream = new RecordingSink(journal);
    private final RecordingLedger ledger = new RecordingLedger(journal);
    private final OwnedPartitions partitions = new OwnedPartitions(FakeLog.TOPICS);
    private final DueGate dueGate =
            new DueGate(new ReadAhead(new Intake.Bounds(10, 1 << 20, 20, 1_000, Duration.ZERO), () -> 0));
    private final AtomicReference<Ownership> ownership =
            new AtomicReference<>(new Ownership(Map.of(), consumer.groupMetadata()));

    @BeforeEach
    void subscribe() {
        RebalanceHandler unused = subscribe(Duration.ofSeconds(10));
    }

    private RebalanceHandler subscribe(Duration drainTimeout) {
        RebalanceHandler rebalance = new RebalanceHandler(
                consumer, FakeLog.TOPICS, ownership, partitions, dueGate, downstream, ledger, drainTimeout);
        consumer.subscribe(FakeLog.TOPICS.inputs(), rebalance);
        return rebalance;
    }

    @Test
    void ownsAssignedPartitionsAndReadsNoneBeforeItIsOpen() {
        consumer.assigned(FIRST, SECOND, RETRY);

        assertThat(ownership.get().assignments()).containsOnlyKeys(FIRST, SECOND, RETRY);
        assertThat(consumer.paused()).containsExactlyInAnyOrder(FIRST, SECOND, RETRY);
        assertThat(partitions.awaitingOpening()).hasSize(3);
        assertThat(partitions.open()).isEmpty();
    }

    @Test
    void sharesByBundlesAndNotByPartitions() {
        consumer.assigned(FIRST, SECOND, RETRY);
        assertThat(downstream.shares).containsExactly("2/3");

        consumer.assigned(FIRST, RETRY);
        assertThat(downstream.shares).last().isEqualTo("1/3");
    }

    /** The assigning member may have seen added partitions before this one. */
    @Test
    void aBundleBeyondTheKnownWidthMakesTheQueueWider() {
        consumer.width(1);

        consumer.assigned(FIRST, requests(5), RETRY);

        assertThat(downstream.shares).containsExactly("2/6");
    }

    @Test
    void countsOnlyWholeBundlesInTheShare() {
        RebalanceHandler rebalance = subscribe(Duration.ofSeconds(10));
        consumer.assigned(FIRST, SECOND, RETRY);

        consumer.width(FakeLog.TOPICS.requests(), 8);
        rebalance.shareIfWider();
        assertThat(downstream.shares).containsExactly("2/3");

        consumer.width(8);
        consumer.width(FakeLog.TOPICS.overflow(), 31);
        rebalance.shareIfWider();
        assertThat(downstream.shares).containsExactly("2/3");

        consumer.width(8);
        rebalance.shareIfWider();
        assertThat(downstream.shares).containsExactly("2/3", "2/8");
    }

    @Test
    void keepsTheKnownWidthIfMetadataIsMissing() {
        consumer.assigned(FIRST, SECOND);
        consumer.forgetMetadata();

        consumer.losePartitions(Set.of(SECOND));

        assertThat(downstream.shares).containsExactly("2/3", "1/3");
        assertThat(journal).endsWith("flush");
    }

    @Test
    void logsBundlesAndNotTheirPartitions() {
        try (LogLines log = new LogLines(RebalanceHandler.class)) {
            TopicPartition overflow = new TopicPartition(FakeLog.TOPICS.overflow(), 15);
            consumer.assigned(FIRST, SECOND, RETRY, overflow);
            consumer.assigned(FIRST, RETRY);
            consumer.losePartitions(Set.of(FIRST, RETRY));

            assertThat(log.all())
                    .contains(
                            "INFO Partitions assigned bundles=\"[0, 1]\" partitions=\"4\" owned=\"4\"",
                            "INFO Partitions revoked bundles=\"[1]\" partitions=\"2\"",
                            "WARN Partitions lost; their calls are cancelled bundles=\"[0]\" partitions=\"2\"");
        }
    }

    @Test
    void keepsTheAssignmentOfPartitionsThatStay() {
        consumer.assigned(FIRST, SECOND);
        Assignment stays = assignment(FIRST);
        Assignment goes = assignment(SECOND);

        consumer.assigned(FIRST);
        consumer.assigned(FIRST, SECOND);

        assertThat(assignment(FIRST)).isSameAs(stays);
        assertThat(assignment(SECOND)).isNotSameAs(goes);
        assertThat(ownership.get().holds(goes)).isFalse();
    }

    @Test
    void publishesFreshMetadataWithTheOldAssignmentsBeforeItWaits() {
        consumer.assigned(FIRST, SECOND);
        ConsumerGroupMetadata before = ownership.get().metadata();
        List<Ownership> whileWaiting = new ArrayList<>();
        downstream.onWithdraw = () -> whileWaiting.add(ownership.get());

        consumer.assigned(FIRST);

        assertThat(whileWaiting).hasSize(1);
        assertThat(whileWaiting.get(0).metadata()).isNotSameAs(before);
        assertThat(whileWaiting.get(0).assignments()).containsOnlyKeys(FIRST, SECOND);
        assertThat(ownership.get().assignments()).containsOnlyKeys(FIRST);
    }

    @Test
    void drainsThenCommitsThenGivesUpThenWaitsForTheLastTransaction() {
        consumer.assigned(FIRST, SECOND);
        Assignment goes = assignment(SECOND);
        journal.clear();

        consumer.assigned(FIRST);

        assertThat(journal).startsWith("withdraw", "flush", "cancel", "close", "share", "flush");
        assertThat(ledger.closed).containsExactly(goes);
        assertThat(partitions.all()).extracting(OwnedPartition::partition).containsExactly(FIRST);
    }

    @Test
    void dropsDelayedRequests() {
        consumer.assigned(FIRST, SECOND);
        hold(FIRST);
        hold(SECOND);

        consumer.assigned(FIRST);

        assertThat(dueGate.records()).isEqualTo(1);
    }

    @Test
    void cancelsCallsThatDoNotEndInTime() {
        RebalanceHandler unused = subscribe(Duration.ofMillis(20));
        consumer.assigned(FIRST, SECOND);
        downstream.withdrawal = new CompletableFuture<>();
        journal.clear();

        consumer.assigned(FIRST);

        assertThat(journal).startsWith("withdraw", "flush", "cancel", "close", "share", "flush");
        assertThat(ownership.get().assignments()).containsOnlyKeys(FIRST);
    }

    @ParameterizedTest
    @ValueSource(strings = {"PT0S", "PT25S", "PT1H"})
    void takesLessThanThePollInterval(Duration drainTimeout) {
        assertThat(RebalanceHandler.maxCallbackTime(drainTimeout))
                .isBetween(drainTimeout.plusSeconds(1), drainTimeout.plusSeconds(60));
        assertThat(RebalanceHandler.maxPollInterval(drainTimeout))
                .isGreaterThan(RebalanceHandler.maxCallbackTime(drainTimeout).plusMinutes(1));
    }

    @Test
    void doesNotWaitForTheCallsOfLostPartitions() {
        consumer.assigned(FIRST, SECOND);
        RebalanceHandler unused = subscribe(Duration.ofDays(1));
        downstream.withdrawal = new CompletableFuture<>();
        hold(FIRST);
        journal.clear();

        consumer.losePartitions(Set.of(FIRST, SECOND));

        assertThat(journal).containsExactly("withdraw", "cancel", "close", "share", "flush");
        assertThat(ownership.get().assignments()).isEmpty();
        assertThat(dueGate.records()).isZero();
        assertThat(partitions.all()).isEmpty();
    }

    @Test
    void doesNotWaitForCommitsThatAreDenied() {
        RebalanceHandler rebalance = subscribe(Duration.ofDays(1));
        consumer.assigned(FIRST, SECOND);
        downstream.withdrawal = new CompletableFuture<>();
        journal.clear();

        rebalance.commitsDenied();
        consumer.assigned(FIRST);

        assertThat(journal).startsWith("withdraw", "cancel", "close", "share", "flush");
        assertThat(ownership.get().assignments()).containsOnlyKeys(FIRST);
    }

    @Test
    void endsThePollLoopIfAStageHasFailed() {
        consumer.assigned(FIRST);
        IllegalStateException defect = new IllegalStateException("lane is broken");
        downstream.withdrawal = CompletableFuture.failedFuture(defect);

        assertThatThrownBy(() -> consumer.assigned(SECOND))
                .hasMessageContaining("a stage failed")
                .hasCause(defect);
    }

    @Test
    void canBeInterruptedWhileItWaits() {
        consumer.assigned(FIRST);
        downstream.withdrawal = new CompletableFuture<>();
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> consumer.assigned(SECOND)).isInstanceOf(InterruptException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    private Assignment assignment(TopicPartition partition) {
        return partitions.get(partition).assignment();
    }

    private void hold(TopicPartition partition) {
        Request later = Requests.ofModel("m")
                .under(assignment(partition))
                .timed(NOW, NOW + 1, Long.MAX_VALUE)
                .build();
        assertThat(dueGate.delay(later, NOW, ROOM)).isTrue();
    }
}
