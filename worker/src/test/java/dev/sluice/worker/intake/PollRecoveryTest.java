package dev.sluice.worker.intake;

import static dev.sluice.worker.intake.FakeLog.requests;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.Reason;
import dev.sluice.worker.LogLines;
import dev.sluice.worker.threads.WorkerException;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.NoOffsetForPartitionException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.CorruptRecordException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.WakeupException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PollRecoveryTest {
    private static final TopicPartition FIRST = requests(0);
    private static final TopicPartition SECOND = requests(1);

    private final IntakeInSteps test = new IntakeInSteps();

    @Test
    void skipsACorruptRecordAndServesTheRecordsAroundIt() {
        test.log.requests(FIRST, 2).corrupt(FIRST).request(FIRST).requests(SECOND, 2);

        test.then(() -> test.consumer.assigned(FIRST, SECOND)).rounds(4).run();

        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L, 1L, 3L);
        assertThat(test.downstream.offsets(SECOND)).containsExactly(0L, 1L);
        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L, 1L, 2L, 3L);
        assertThat(test.ledger.reached).containsEntry(FIRST, 4L);
        RecordingSink.Refusal refusal = onlyRefusal();
        assertThat(refusal.reason()).isEqualTo(Reason.UNREADABLE);
        assertThat(refusal.problem()).contains("bad checksum");
        assertThat(refusal.input().partition()).isEqualTo(FIRST);
        assertThat(refusal.input().offset()).isEqualTo(2);
        assertThat(refusal.input().id()).isEqualTo("chat.requests-0@2");
        assertThat(refusal.input().enqueuedAt()).isGreaterThanOrEqualTo(1_000_000);
        assertThat(refusal.input().value()).isNull();
    }

    @Test
    void skipsAWholeBatchAtOnceAndRecoversAgainFromTheNextFailure() {
        test.log.corrupt(FIRST).corrupt(FIRST).corrupt(FIRST).request(FIRST).corrupt(FIRST);

        test.then(() -> test.consumer.assigned(FIRST)).rounds(5).run();

        assertThat(test.downstream.offsets(FIRST)).containsExactly(3L);
        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L, 1L, 2L, 3L, 4L);
        assertThat(test.downstream.refused).hasSize(4);
        assertThat(test.readers).hasValue(2);
        assertThat(test.heartbeats)
                .as("once per iteration and once per skipped record")
                .hasValue(7 + 4);
    }

    @Test
    void losesNoRecordToAnErrorBehindRecordsThatWereNotReturned() {
        test.log
                .requests(FIRST, 3)
                .requests(SECOND, 2)
                .unreadable(SECOND, OutOfMemoryError::new)
                .request(SECOND);

        test.then(() -> test.consumer.assigned(FIRST, SECOND)).rounds(4).run();

        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L, 1L, 2L);
        assertThat(test.downstream.offsets(SECOND)).containsExactly(0L, 1L, 3L);
        assertThat(onlyRefusal().input().offset()).isEqualTo(2);
        assertThat(onlyRefusal().problem()).contains("memory");
    }

    /** The heap is too small for many records at once. */
    @Test
    void readsRecordByRecordIfNoneIsTooLarge() {
        test.log.requests(FIRST, 3);

        test.then(() -> test.consumer.assigned(FIRST))
                .then(throwing(new OutOfMemoryError()))
                .rounds(2)
                .run();

        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L, 1L, 2L);
        assertThat(test.downstream.refused).isEmpty();
        assertThat(test.readers).hasValue(1);
    }

    /** Other objects have freed their memory when the record is read again. */
    @Test
    void keepsARecordThatDidNotFitOnce() {
        test.log
                .request(FIRST)
                .unreadableAtFirst(FIRST, 2, OutOfMemoryError::new)
                .request(FIRST);

        test.then(() -> test.consumer.assigned(FIRST)).rounds(3).run();

        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L, 1L, 2L);
        assertThat(test.downstream.refused).isEmpty();
        assertThat(test.readers).hasValue(1);
    }

    /** Other objects fill the heap, so no record is to blame. */
    @Test
    void endsRatherThanSkipRecordsBecauseOfAFullHeap() {
        test.heap = 0.9;
        for (int i = 0; i < 3; i++) {
            test.log.unreadableAtFirst(FIRST, 1_000, OutOfMemoryError::new);
        }

        test.then(() -> test.consumer.assigned(FIRST)).rounds(9);

        assertThatThrownBy(test::run).isInstanceOf(OutOfMemoryError.class);
        assertThat(test.downstream.refused).isEmpty();
        assertThat(test.ledger.offsets(FIRST)).isEmpty();
    }

    @Test
    void skipsNoRecordForMemoryOutsideOfTheHeap() {
        test.log.unreadableAtFirst(
                FIRST, 1_000, () -> new OutOfMemoryError("Cannot reserve 9 bytes of direct buffer memory"));

        test.then(() -> test.consumer.assigned(FIRST)).rounds(9);

        assertThatThrownBy(test::run).hasMessageContaining("direct");
        assertThat(test.downstream.refused).isEmpty();
    }

    @Test
    void skipsOneRecordPerOutOfMemoryError() {
        for (int i = 0; i < 3; i++) {
            test.log.unreadable(FIRST, OutOfMemoryError::new);
        }
        test.log.request(FIRST);

        test.then(() -> test.consumer.assigned(FIRST)).rounds(6).run();

        assertThat(test.downstream.refused).hasSize(3);
        assertThat(test.downstream.offsets(FIRST)).containsExactly(3L);
        assertThat(test.readers).hasValue(3);
    }

    @Test
    void endsAfterThreeAttemptsWithoutProgress() {
        test.log.request(FIRST);
        test.ledger.limits.put(FIRST, 0L);
        OutOfMemoryError error = new OutOfMemoryError("elsewhere");

        test.then(() -> test.consumer.assigned(FIRST));
        for (int i = 0; i < 5; i++) {
            test.then(throwing(error)).rounds(2);
        }

        assertThatThrownBy(test::run).isSameAs(error);
        assertThat(test.readers).hasValue(3);
    }

    @Test
    void countsRecordsBetweenTwoErrorsAsProgress() {
        test.log.request(FIRST).request(SECOND);
        test.ledger.limits.put(FIRST, 0L);

        test.then(() -> test.consumer.assigned(FIRST, SECOND));
        for (int i = 0; i < 5; i++) {
            test.then(throwing(new OutOfMemoryError())).then(() -> test.log.request(SECOND));
        }
        test.run();

        assertThat(test.downstream.offsets(SECOND)).hasSize(6);
    }

    /** The consumer keeps the fetch that failed and throws another exception for it later. */
    @Test
    void recoversIfTheBrokenFetchStaysInTheConsumer() {
        test.log.request(FIRST).unreadableAtFirst(FIRST, 1, OutOfMemoryError::new);
        test.ledger.limits.put(FIRST, 1L);

        test.then(() -> test.consumer.assigned(FIRST))
                .rounds(3)
                .then(() -> test.ledger.limits.put(FIRST, 9L))
                .rounds(4)
                .run();

        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L, 1L);
        assertThat(test.downstream.refused).isEmpty();
    }

    /** The consumer rejoins its group in between, for which there is no memory either. */
    @Test
    void endsWithTheSecondErrorInARow() {
        OutOfMemoryError second = new OutOfMemoryError("second");
        test.log.request(FIRST);

        test.then(() -> test.consumer.assigned(FIRST))
                .then(throwing(new OutOfMemoryError("first")))
                .then(throwing(second));

        assertThatThrownBy(test::run).isSameAs(second);
        assertThat(test.readers).hasValue(0);
    }

    @Test
    void losesNoHalfReadRecordThatIsKeptBack() {
        test.log.requests(FIRST, 2);
        test.ledger.limits.put(FIRST, 0L);

        test.then(() -> test.consumer.assigned(FIRST))
                .rounds(1)
                .then(() -> {
                    test.consumer.halfRead(FIRST);
                    throw new OutOfMemoryError();
                })
                .rounds(3)
                .then(() -> test.ledger.limits.put(FIRST, 9L))
                .rounds(4)
                .run();

        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L, 1L);
    }

    @Test
    void endsSoonWhenItsWorkerStops() {
        test.log.requests(FIRST, 90);
        test.onRound = () -> {
            if (test.ledger.registered.size() == 5) {
                test.intake.stop();
            }
        };

        test.then(() -> test.consumer.assigned(FIRST))
                .then(throwing(new OutOfMemoryError()))
                .rounds(3)
                .run();

        assertThat(test.ledger.registered).hasSizeLessThan(10);
    }

    @Test
    void logsOncePerRecovery() {
        test.log.request(FIRST).unreadable(FIRST, OutOfMemoryError::new).request(FIRST);

        try (LogLines lines = new LogLines(PollRecovery.class)) {
            test.then(() -> test.consumer.assigned(FIRST)).rounds(4).run();

            assertThat(lines.all())
                    .singleElement()
                    .asString()
                    .startsWith("WARN")
                    .contains("taken=\"1\"", "passedOver=\"1\"", "keptBack=\"0\"");
        }
    }

    @Test
    void keepsBackRecordsThatMayNotBeRegisteredYet() {
        test.log.request(FIRST).corrupt(FIRST).request(FIRST);
        test.ledger.limits.put(FIRST, 1L);

        test.then(() -> test.consumer.assigned(FIRST))
                .rounds(3)
                .then(() -> assertThat(test.ledger.offsets(FIRST)).containsExactly(0L))
                .then(() -> test.ledger.limits.put(FIRST, 9L))
                .rounds(4)
                .run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L, 1L, 2L);
        assertThat(onlyRefusal().input().offset()).isEqualTo(1);
    }

    @Test
    void makesNoSecondDeadLetterForARecordThatHasEnded() {
        test.log.corrupt(FIRST).request(FIRST);
        test.ledger.done.computeIfAbsent(FIRST, each -> new HashSet<>()).add(0L);

        test.then(() -> test.consumer.assigned(FIRST)).rounds(3).run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(1L);
        assertThat(test.downstream.refused).isEmpty();
    }

    @ParameterizedTest
    @MethodSource
    void skipsARecordWhateverKafkaThrowsForIt(Supplier<Throwable> failure) {
        test.log.unreadable(FIRST, failure).request(FIRST);

        test.then(() -> test.consumer.assigned(FIRST)).rounds(3).run();

        assertThat(test.ledger.offsets(FIRST)).containsExactly(0L, 1L);
        assertThat(onlyRefusal().input().offset()).isZero();
    }

    static List<Supplier<Throwable>> skipsARecordWhateverKafkaThrowsForIt() {
        return List.of(
                () -> new KafkaException("Received exception when fetching the next record from x-0"),
                () -> new KafkaException("x", new CorruptRecordException("y")),
                () -> new CorruptRecordException("y"),
                OutOfMemoryError::new);
    }

    /** Kafka throws these for every compressed record where a native library cannot be loaded. */
    @ParameterizedTest
    @MethodSource
    void endsWithoutSkippingARecordThatThisHostCannotUnpack(LinkageError failure) {
        test.log
                .unreadable(FIRST, () -> new KafkaException("please seek past it", new KafkaException("zstd", failure)))
                .request(FIRST);

        test.then(() -> test.consumer.assigned(FIRST)).rounds(3);

        assertThatThrownBy(test::run)
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("cannot unpack")
                .hasMessageContaining("-DZstdTempFolder=");
        assertThat(test.downstream.refused).isEmpty();
        assertThat(test.ledger.offsets(FIRST)).isEmpty();
    }

    static List<LinkageError> endsWithoutSkippingARecordThatThisHostCannotUnpack() {
        return List.of(
                new UnsatisfiedLinkError("Can't load library: /nonexistent.so"),
                new NoClassDefFoundError("Could not initialize class com.github.luben.zstd.Zstd"),
                new ExceptionInInitializerError(new IOException("No space left on device")));
    }

    @ParameterizedTest
    @MethodSource
    void endsWithAnExceptionThatNoRecordCauses(KafkaException failure) {
        test.log.request(FIRST);

        test.then(() -> test.consumer.assigned(FIRST))
                .rounds(2)
                .then(() -> test.consumer.setPollException(failure))
                .rounds(1);

        assertThatThrownBy(test::run).isSameAs(failure);
        assertThat(test.downstream.offsets(FIRST)).containsExactly(0L);
        assertThat(test.downstream.refused).isEmpty();
    }

    static List<KafkaException> endsWithAnExceptionThatNoRecordCauses() {
        return List.of(
                new KafkaException("Unexpected error from the coordinator"),
                new KafkaException(
                        "User rebalance callback throws an error", new IllegalStateException("a stage failed")),
                new TopicAuthorizationException("chat.requests"),
                new NoOffsetForPartitionException(FIRST),
                new WakeupException());
    }

    @Test
    void endsWithAnErrorThatNoRecordExplains() {
        OutOfMemoryError error = new OutOfMemoryError("elsewhere");

        test.then(() -> test.consumer.assigned(FIRST))
                .rounds(1)
                .then(throwing(error))
                .rounds(1);

        assertThatThrownBy(test::run).isSameAs(error);
    }

    @Test
    void endsWithAnErrorInARebalanceCallbackEvenIfARecordCouldExplainIt() {
        OutOfMemoryError error = new OutOfMemoryError("in a callback");
        test.log.request(FIRST);

        test.then(() -> test.consumer.assigned(FIRST))
                .then(() -> {
                    test.ownership.set(new Ownership(Map.of(), test.consumer.groupMetadata()));
                    throw error;
                })
                .rounds(1);

        assertThatThrownBy(test::run).isSameAs(error);
        assertThat(test.readers).hasValue(0);
    }

    private static Runnable throwing(Error error) {
        return () -> {
            throw error;
        };
    }

    private RecordingSink.Refusal onlyRefusal() {
        assertThat(test.downstream.refused).hasSize(1);
        return test.downstream.refused.get(0);
    }
}
