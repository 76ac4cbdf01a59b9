package dev.sluice.worker.intake;

import static dev.sluice.worker.intake.FakeLog.requests;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics.Tier;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.consumer.LogTruncationException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;

class IntakeTest {
    private static final TopicPartition FIRST = requests(0);
    private static final TopicPartition SECOND = requests(1);
    private static final TopicPartition EXPRESS = new TopicPartition(FakeLog.TOPICS.express(), 0);
    private static final TopicPartition RETRY = new TopicPartition(FakeLog.TOPICS.retry(), 0);
    private static final TopicPartition TIER = new TopicPartition(FakeLog.TOPICS.delay(Tier.TEN_SECONDS), 0);

    private final IntakeInSteps test = new IntakeInSteps();

    @Test
    void registersBeforeItHandsOver() {
        test.log.requests(FIRST, 2);

        test.then(this::assignBoth).rounds(2).run();

        assertThat(test.journal)
                .containsSubsequence(
                        "register chat.requests-0@0",
                        "register chat.requests-0@1",
                        "accept chat.requests-0@0",
                        "accept chat.requests-0@1");
    }

    @Test
    void beginsAtTheCommittedOffsetOrElseAtTheBeginning() {
        test.log.requests(FIRST, 5).requests(SECOND, 1);

        test.then(() -> {
                    assignBoth();
                    test.consumer.committed(FIRST, new OffsetAndMetadata(3));
                })
                .rounds(2)
                .run();

        assertThat(test.ledger.opened).containsEntry(FIRST, 3L).containsEntry(SECOND, 0L);
        assertThat(test.downstream.offsets(FIRST)).containsExactly(3L, 4L);
        assertThat(test.downstream.offsets(SECOND)).containsExactly(0L);
    }

    @Test
    void skipsRecordsThatWereDoneBeforeACrash() {
        test.log.requests(FIRST, 4);
        test.ledger.done.computeIfAbsent(FIRST, each -> new HashSet<>()).add(1L);
        test.ledger.done.computeIfAbsent(FIRST, each -> new HashSet<>()).add(3L);

        test.then(this::assignBoth).rounds(2).run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L, 2L);
        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L, 2L);
        assertThat(test.ledger.reached).containsEntry(FIRST, 4L);
    }

    @Test
    void readsOtherPartitionsIfTheLedgerRefusesOne() {
        test.log.requests(FIRST, 1).requests(SECOND, 1);
        test.ledger.refusals.put(FIRST, "written by a newer release");

        test.then(this::assignBoth)
                .rounds(2)
                .then(() -> assertThat(test.consumer.paused()).containsExactly(FIRST))
                .run();

        assertThat(test.ledger.offsets(FIRST)).isEmpty();
        assertThat(test.ledger.offsets(SECOND)).containsExactly(0L);
        assertThat(test.ledger.reached).doesNotContainKey(FIRST);
        assertThat(test.downstream.reads).containsExactly(SECOND);
        assertThat(test.intake.refusals())
                .containsExactly("partition " + FIRST + " is not read: written by a newer release");
    }

    @Test
    void readsOtherPartitionsIfTheLogOfOneIsTruncated() {
        test.log.requests(FIRST, 4).requests(SECOND, 1);

        test.then(() -> {
                    assignBoth();
                    test.consumer.committed(FIRST, new OffsetAndMetadata(100));
                })
                .rounds(3)
                .then(() -> assertThat(test.consumer.paused()).containsExactly(FIRST))
                .run();

        assertThat(test.ledger.offsets(FIRST)).isEmpty();
        assertThat(test.ledger.offsets(SECOND)).containsExactly(0L);
        assertThat(test.downstream.reads)
                .as("new records may lie below what is committed of the first")
                .containsExactly(SECOND);
        assertThat(test.intake.refusals())
                .singleElement()
                .asString()
                .contains("offset 4", "up to 100", "--reset-offsets");
    }

    /** The log has lost offsets 2 to 4, and a new leader has appended others there. Its end tells nothing any more. */
    @Test
    void refusesALogThatWasTruncatedAndHasGrownAgain() {
        test.log.requests(FIRST, 5).requests(SECOND, 1);

        test.then(this::assignBoth)
                .rounds(2)
                .then(() -> {
                    test.log.requests(FIRST, 3);
                    throw truncatedTo(2);
                })
                .rounds(2)
                .then(() -> test.log.request(SECOND))
                .rounds(2)
                .then(() -> assertThat(test.consumer.paused()).containsExactly(FIRST))
                .run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(test.ledger.offsets(SECOND)).containsExactly(0L, 1L);
        assertThat(test.intake.refusals())
                .singleElement()
                .asString()
                .contains("offset 2", "up to 5", "--reset-offsets");
    }

    /** A new leader knows nothing of what was read, such as after its disk was replaced. */
    @Test
    void refusesALogWithoutAnythingThatWasRead() {
        test.log.requests(FIRST, 5);

        test.then(() -> test.consumer.assigned(FIRST))
                .rounds(2)
                .then(() -> {
                    throw new LogTruncationException(Map.of(FIRST, 5L), Map.of());
                })
                .rounds(2)
                .run();

        assertThat(test.intake.refusals()).singleElement().asString().contains("offset 0", "up to 5");
    }

    /** The consumer throws it whenever it has compared its epochs with the broker's, not only from poll. */
    @Test
    void refusesATruncatedLogOfWhichAPositionTells() {
        test.log.requests(FIRST, 5).requests(SECOND, 1);

        test.then(this::assignBoth)
                .rounds(2)
                .then(() -> test.consumer.failPosition(truncatedTo(2)))
                .rounds(2)
                .then(() -> test.log.request(SECOND))
                .rounds(2)
                .run();

        assertThat(test.intake.refusals()).hasSize(1);
        assertThat(test.ledger.offsets(SECOND)).containsExactly(0L, 1L);
        assertThat(test.ledger.reached).containsEntry(SECOND, 2L);
    }

    @Test
    void opensAPartitionThoughThePositionTellsOfATruncatedOne() {
        test.log.requests(FIRST, 5).requests(SECOND, 1);

        test.then(() -> test.consumer.assigned(FIRST))
                .rounds(2)
                .then(() -> {
                    assignBoth();
                    test.consumer.failPosition(truncatedTo(2));
                })
                .rounds(3)
                .run();

        assertThat(test.intake.refusals()).hasSize(1);
        assertThat(test.ledger.offsets(SECOND)).containsExactly(0L);
    }

    @Test
    void ignoresATruncatedLogThatAnotherWorkerOwnsByNow() {
        test.log.requests(FIRST, 5).requests(SECOND, 1);

        test.then(this::assignBoth)
                .rounds(2)
                .then(() -> {
                    test.consumer.rebalance(Set.of(SECOND));
                    throw truncatedTo(2);
                })
                .then(() -> test.log.request(SECOND))
                .rounds(2)
                .run();

        assertThat(test.intake.refusals()).isEmpty();
        assertThat(test.ledger.offsets(SECOND)).containsExactly(0L, 1L);
    }

    private static LogTruncationException truncatedTo(long divergent) {
        return new LogTruncationException(Map.of(FIRST, 5L), Map.of(FIRST, new OffsetAndMetadata(divergent)));
    }

    @Test
    void keepsBackRecordsBeyondTheRegisterLimitUntilItGrows() {
        test.log.requests(FIRST, 5).requests(SECOND, 1);
        test.ledger.limits.put(FIRST, 2L);

        test.then(this::assignBoth)
                .rounds(3)
                .then(() -> {
                    assertThat(test.ledger.offsets(FIRST)).containsExactly(0L, 1L);
                    assertThat(test.ledger.reached).containsEntry(FIRST, 2L);
                    assertThat(test.consumer.paused()).containsExactly(FIRST);
                    test.ledger.limits.put(FIRST, 4L);
                })
                .rounds(3)
                .then(() -> assertThat(test.consumer.paused()).containsExactly(FIRST))
                .run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L, 1L, 2L, 3L);
        assertThat(test.ledger.offsets(SECOND)).containsExactly(0L);
    }

    @Test
    void waitsWithAWholeTierForItsFirstRecord() {
        long appendedAt = test.clock.millis();
        test.log.request(TIER, appendedAt, new RecordHeaders());
        test.log.request(TIER, appendedAt + 4_000, new RecordHeaders());

        test.then(() -> test.consumer.assigned(FIRST, TIER))
                .rounds(3)
                .then(() -> {
                    assertThat(test.consumer.paused()).containsExactly(TIER);
                    assertThat(test.ledger.offsets(TIER)).isEmpty();
                    test.clock.pass(Duration.ofMillis(appendedAt + 10_000 - test.clock.millis()));
                })
                .rounds(3)
                .then(() -> {
                    assertThat(test.ledger.offsets(TIER)).containsExactly(0L);
                    assertThat(test.consumer.paused()).containsExactly(TIER);
                    test.clock.pass(Duration.ofMillis(appendedAt + 13_980 - test.clock.millis()));
                })
                .then(() -> assertThat(test.consumer.lastPollTimeout()).isEqualTo(Duration.ofMillis(20)))
                .then(() -> test.clock.pass(Duration.ofMillis(20)))
                .rounds(2)
                .run();

        assertThat(test.downstream.offsets(TIER)).containsExactly(0L, 1L);
    }

    @Test
    void delaysRequestsThatAreDueSoonAndPostponesLaterOnes() {
        long now = test.clock.millis();
        test.log.request(FIRST, now, notBefore(now + 5_000)).request(FIRST, now, notBefore(now + 60_000));
        test.log.request(FIRST);

        test.then(this::assignBoth)
                .rounds(2)
                .then(() -> {
                    assertThat(test.downstream.offsets(FIRST)).containsExactly(2L);
                    assertThat(test.downstream.postponed)
                            .extracting(InputRecord::offset)
                            .containsExactly(1L);
                    test.clock.pass(Duration.ofSeconds(5));
                })
                .rounds(1)
                .run();

        assertThat(test.downstream.offsets(FIRST)).containsExactly(2L, 0L);
        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L, 1L, 2L);
    }

    /** Kafka forgets the pause of a partition that comes back and keeps the pause of one that stays. */
    @Test
    void derivesPausesAnewAfterARebalance() {
        test.log.requests(FIRST, 3).requests(SECOND, 3);
        test.ledger.limits.put(FIRST, 1L);
        test.ledger.limits.put(SECOND, 1L);

        test.then(this::assignBoth)
                .rounds(2)
                .then(() -> {
                    assertThat(test.consumer.paused()).containsExactlyInAnyOrder(FIRST, SECOND);
                    test.consumer.assigned(FIRST);
                })
                .rounds(1)
                .then(() -> {
                    assertThat(test.consumer.paused()).containsExactly(FIRST);
                    test.ledger.limits.put(SECOND, 2L);
                    assignBoth();
                })
                .rounds(3)
                .then(() -> {
                    assertThat(test.consumer.paused()).containsExactlyInAnyOrder(FIRST, SECOND);
                    test.consumer.resume(test.consumer.paused());
                })
                .rounds(2)
                .then(() -> assertThat(test.consumer.paused()).containsExactlyInAnyOrder(FIRST, SECOND))
                .run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L);
        assertThat(test.ledger.offsets(SECOND)).containsExactly(0L, 0L, 1L);
    }

    @Test
    void reportsPositionsPastGaps() {
        test.log.gap(FIRST).gap(FIRST).request(FIRST).gap(FIRST);

        test.then(this::assignBoth).rounds(3).run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(2L);
        assertThat(test.ledger.reached).containsEntry(FIRST, 4L);
    }

    @Test
    void pollsOnWithoutReadingWhileItDrains() {
        AtomicReference<CompletableFuture<Void>> quiet = new AtomicReference<>();
        test.log.requests(FIRST, 1);

        test.then(this::assignBoth)
                .rounds(1)
                .then(() -> {
                    quiet.set(test.intake.drain());
                    test.log.requests(FIRST, 3);
                })
                .then(() -> assertThat(quiet.get()).isCompleted())
                .rounds(2)
                .then(() -> assertThat(test.consumer.paused()).containsExactlyInAnyOrder(FIRST, SECOND))
                .run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L);
        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L);
        assertThat(test.consumer.closed()).isTrue();
    }

    @Test
    void releasesNoDelayedRequestWhileItDrains() {
        long now = test.clock.millis();
        test.log.request(FIRST, now, notBefore(now + 2_000));

        test.then(this::assignBoth)
                .rounds(2)
                .then(() -> assertThat(test.intake.drain()).isNotDone())
                .then(() -> test.clock.pass(Duration.ofSeconds(5)))
                .rounds(1)
                .run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L);
        assertThat(test.downstream.accepted).isEmpty();
    }

    @Test
    void doesNotSpinWhileItDrains() {
        long now = test.clock.millis();
        test.log.request(FIRST, now, notBefore(now + 2_000));

        test.then(this::assignBoth)
                .rounds(2)
                .then(() -> assertThat(test.intake.drain()).isNotDone())
                .then(() -> test.clock.pass(Duration.ofSeconds(5)))
                .rounds(3)
                .run();

        assertThat(test.consumer.timeouts())
                .allSatisfy(timeout -> assertThat(timeout).isPositive());
    }

    @Test
    void reportsTheShareAgainIfTheQueueHasBecomeWider() {
        test.then(this::assignBoth)
                .rounds(2)
                .then(() -> test.consumer.width(8))
                .rounds(3)
                .run();

        assertThat(test.downstream.shares).containsExactly("2/3", "2/8");
    }

    @Test
    void pausesEverythingWhileTooManyRecordsAreOpen() {
        assertPausesBeyond(new IntakeInSteps(new Intake.Bounds(4, 1 << 20, 10, 1_000, Duration.ZERO)));
    }

    @Test
    void pausesEverythingWhileTooManyBytesAreOpen() {
        assertPausesBeyond(new IntakeInSteps(new Intake.Bounds(100, 3 * 512, 10, 1_000, Duration.ZERO)));
    }

    /** Asserts that intake pauses at the bound, which three requests reach. */
    private static void assertPausesBeyond(IntakeInSteps test) {
        test.log.requests(FIRST, 3);

        test.then(() -> test.consumer.assigned(FIRST, SECOND))
                .rounds(1)
                .then(() -> test.log.requests(FIRST, 1).requests(SECOND, 1))
                .rounds(2)
                .then(() -> {
                    assertThat(test.consumer.paused()).containsExactlyInAnyOrder(FIRST, SECOND);
                    assertThat(test.ledger.registered).hasSize(3);
                    test.ledger.commitAll();
                })
                .rounds(2)
                .run();

        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L, 1L, 2L, 3L);
        assertThat(test.downstream.offsets(SECOND)).containsExactly(0L);
    }

    @Test
    void retriesAreReadHoweverManyRequestsAreOpen() {
        IntakeInSteps bounded = new IntakeInSteps(new Intake.Bounds(4, 1 << 20, 10, 1_000, Duration.ZERO));
        bounded.log.requests(FIRST, 9);

        bounded.then(() -> bounded.consumer.assigned(FIRST, RETRY))
                .rounds(2)
                .then(() -> {
                    assertThat(bounded.consumer.paused()).containsExactly(FIRST);
                    assertThat(bounded.intake.pausedFor()).isPositive();
                    bounded.log.requests(RETRY, 3);
                })
                .rounds(2)
                .then(() -> assertThat(bounded.consumer.paused()).containsExactlyInAnyOrder(FIRST, RETRY))
                .run();

        assertThat(bounded.downstream.offsets(RETRY)).isNotEmpty();
    }

    @Test
    void expressRequestsAreReadHoweverManyOthersAreOpen() {
        IntakeInSteps bounded = new IntakeInSteps(new Intake.Bounds(4, 1 << 20, 10, 1_000, Duration.ZERO));
        bounded.log.requests(FIRST, 9).requests(RETRY, 9);

        bounded.then(() -> bounded.consumer.assigned(FIRST, EXPRESS, RETRY))
                .rounds(2)
                .then(() -> {
                    assertThat(bounded.consumer.paused()).containsExactlyInAnyOrder(FIRST, RETRY);
                    bounded.log.requests(EXPRESS, 3);
                })
                .rounds(2)
                .then(() -> assertThat(bounded.consumer.paused()).containsExactlyInAnyOrder(FIRST, EXPRESS, RETRY))
                .run();

        assertThat(bounded.downstream.offsets(EXPRESS)).isNotEmpty();
    }

    @Test
    void newRequestsAreReadHoweverManyExpressOnesAreOpen() {
        IntakeInSteps bounded = new IntakeInSteps(new Intake.Bounds(4, 1 << 20, 10, 1_000, Duration.ZERO));
        bounded.log.requests(EXPRESS, 9);

        bounded.then(() -> bounded.consumer.assigned(FIRST, EXPRESS, RETRY))
                .rounds(2)
                .then(() -> {
                    assertThat(bounded.consumer.paused()).containsExactly(EXPRESS);
                    assertThat(bounded.intake.pausedFor()).isZero();
                    bounded.log.requests(FIRST, 1).requests(RETRY, 1);
                })
                .rounds(2)
                .run();

        assertThat(bounded.downstream.offsets(FIRST)).containsExactly(0L);
        assertThat(bounded.downstream.offsets(RETRY)).containsExactly(0L);
    }

    @Test
    void retriesAreReadHoweverManyDelayedRequestsAreDue() {
        IntakeInSteps bounded = new IntakeInSteps(new Intake.Bounds(4, 1 << 20, 10, 1_000, Duration.ZERO));
        bounded.log.requests(TIER, 9);

        bounded.then(() -> bounded.consumer.assigned(FIRST, RETRY, TIER))
                .rounds(2)
                .then(() -> {
                    assertThat(bounded.consumer.paused()).containsExactly(TIER);
                    bounded.log.requests(RETRY, 1);
                })
                .rounds(2)
                .run();

        assertThat(bounded.downstream.offsets(RETRY)).containsExactly(0L);
    }

    @Test
    void newRequestsAreReadHoweverManyRetriesAreOpen() {
        IntakeInSteps bounded = new IntakeInSteps(new Intake.Bounds(4, 1 << 20, 10, 1_000, Duration.ZERO));
        bounded.log.requests(RETRY, 9);

        bounded.then(() -> bounded.consumer.assigned(FIRST, RETRY))
                .rounds(2)
                .then(() -> {
                    assertThat(bounded.consumer.paused()).containsExactly(RETRY);
                    assertThat(bounded.intake.pausedFor()).isZero();
                    bounded.log.requests(FIRST, 2);
                })
                .rounds(2)
                .run();

        assertThat(bounded.downstream.offsets(FIRST)).containsExactly(0L, 1L);
    }

    @Test
    void answersThatWaitForTheirCommitKeepRetriesOutNoSoonerThanRequests() {
        IntakeInSteps bounded = new IntakeInSteps(new Intake.Bounds(1_000, 64 << 10, 10, 1_000, Duration.ZERO));
        bounded.ledger.answerBytes = 48 << 10;
        bounded.log.requests(FIRST, 1).requests(RETRY, 1);

        bounded.then(() -> bounded.consumer.assigned(FIRST, RETRY))
                .rounds(2)
                .then(() -> {
                    assertThat(bounded.consumer.paused()).isEmpty();
                    bounded.ledger.answerBytes = 64 << 10;
                })
                .rounds(2)
                .then(() -> assertThat(bounded.consumer.paused()).containsExactlyInAnyOrder(FIRST, RETRY))
                .run();

        assertThat(bounded.downstream.offsets(RETRY)).containsExactly(0L);
    }

    @Test
    void knowsForHowLongEveryPartitionIsPaused() {
        IntakeInSteps bounded = new IntakeInSteps(new Intake.Bounds(4, 1 << 20, 10, 1_000, Duration.ZERO));
        bounded.log.requests(FIRST, 3).requests(SECOND, 1);

        bounded.then(() -> bounded.consumer.assigned(FIRST, SECOND))
                .rounds(10)
                .then(() -> assertThat(bounded.intake.pausedFor()).isGreaterThan(Duration.ofSeconds(2)))
                .then(bounded.ledger::commitAll)
                .rounds(1)
                .then(() -> assertThat(bounded.intake.pausedFor()).isLessThan(Duration.ofSeconds(1)))
                .run();
    }

    @Test
    void countsDelayedRequestsByABoundOfTheirOwn() {
        IntakeInSteps bounded = new IntakeInSteps(new Intake.Bounds(2, 1 << 20, 10, 1_000, Duration.ZERO));
        long now = bounded.clock.millis();
        for (int i = 0; i < 5; i++) {
            bounded.log.request(FIRST, now, notBefore(now + 9_000));
        }

        bounded.then(() -> bounded.consumer.assigned(FIRST))
                .rounds(2)
                .then(() -> assertThat(bounded.consumer.paused()).isEmpty())
                .then(() -> bounded.clock.pass(Duration.ofSeconds(9)))
                .rounds(1)
                .then(() -> assertThat(bounded.consumer.paused()).containsExactly(FIRST))
                .run();

        assertThat(bounded.downstream.offsets(FIRST)).hasSize(5);
    }

    private void assignBoth() {
        test.consumer.assigned(FIRST, SECOND);
    }

    private static RecordHeaders notBefore(long millis) {
        RecordHeaders headers = new RecordHeaders();
        headers.add(WireHeaders.NOT_BEFORE, Long.toString(millis).getBytes(UTF_8));
        return headers;
    }
}
