package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.NotEnoughReplicasAfterAppendException;
import org.apache.kafka.common.errors.NotEnoughReplicasException;
import org.apache.kafka.common.errors.NotLeaderOrFollowerException;
import org.apache.kafka.common.errors.OutOfOrderSequenceException;
import org.apache.kafka.common.errors.PolicyViolationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordBatchTooLargeException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.TransactionAbortedException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.junit.jupiter.api.Test;

class SendFailuresTest {
    private final SendFailures failures = new SendFailures(millis -> {});

    @Test
    void aRecordThatWasTakenIsNotRejected() {
        failures.callback(0, to("replies")).onCompletion(null, null);

        assertThat(failures.rejections(false)).isEmpty();
    }

    @Test
    void anExceptionThatOnlyTheRecordCanCauseIsARejection() {
        for (Exception rejection : List.of(
                new RecordTooLargeException("large"),
                new InvalidTopicException("a/b"),
                new TopicAuthorizationException("secret"))) {
            SendFailures alone = new SendFailures(millis -> {});
            alone.callback(7, to("replies")).onCompletion(null, rejection);

            assertThat(alone.rejections(false)).isEqualTo(Map.of(7, rejection));
        }
    }

    @Test
    void anExceptionThatAnotherRecordOfTheBatchMayHaveCausedIsARejectionOnlyOfASettlementAlone() {
        for (Exception failure : List.of(
                new InvalidRecordException("no key"),
                new RecordBatchTooLargeException("larger than a segment"),
                new PolicyViolationException("not here"))) {
            SendFailures one = new SendFailures(millis -> {});
            one.callback(7, to("replies")).onCompletion(null, failure);

            assertThat(one.rejections(false)).isEmpty();
            assertThat(one.suspect())
                    .get()
                    .extracting(SendFailures.Failure::settlement)
                    .isEqualTo(7);
            assertThat(one.rejections(true)).isEqualTo(Map.of(7, failure));
        }
    }

    @Test
    void noPaidAnswerIsLostForAnErrorThatMayPass() {
        failures.callback(7, to("replies")).onCompletion(null, new UnknownServerException("out of memory"));

        assertThat(failures.rejections(true)).isEmpty();
        assertThat(failures.suspect()).isPresent();
    }

    @Test
    void noSettlementIsToBlameForATimestamp() {
        failures.callback(7, to("replies")).onCompletion(null, new InvalidTimestampException("in the future"));

        assertThat(failures.rejections(true)).isEmpty();
        assertThat(failures.suspect()).isPresent();
    }

    @Test
    void aFailureThatMayPassIsNoRejection() {
        fails(0, "replies", new TransactionAbortedException());
        fails(1, "replies", new TimeoutException("not present in metadata"));
        fails(2, "replies", new OutOfOrderSequenceException("gap"));
        fails(3, "replies", new ProducerFencedException("fenced"));
        fails(4, "replies", new KafkaException("part of a batch with invalid records"));

        assertThat(failures.rejections(false)).isEmpty();
        assertThat(failures.failedPartitions().unavailable()).containsOnlyKeys(partition("replies"));
    }

    @Test
    void anUnavailablePartitionIsNamedWithAllSettlementsSentThere() {
        for (Exception failure : List.of(
                new TimeoutException("Expiring 2 record(s)"),
                new NotEnoughReplicasException("1 of 2"),
                new NotEnoughReplicasAfterAppendException("1 of 2"),
                new NotLeaderOrFollowerException("elected"))) {
            SendFailures several = new SendFailures(millis -> {});
            several.callback(0, to("replies")).onCompletion(null, null);
            several.callback(1, to("away")).onCompletion(null, failure);
            several.callback(2, to("away")).onCompletion(null, failure);
            several.callback(3, to("other")).onCompletion(null, failure);
            several.callback(4, to("slow")).onCompletion(null, new TransactionAbortableException("aborted"));

            assertThat(several.rejections(false)).isEmpty();
            assertThat(several.failedPartitions())
                    .isEqualTo(new FailedPartitions(
                            Map.of(partition("away"), Set.of(1, 2)),
                            Map.of(partition("other"), Set.of(3), partition("slow"), Set.of(4)),
                            Set.of(partition("replies"))));
        }
    }

    @Test
    void aProducerWithoutMemoryMakesNoPartitionUnavailable() {
        fails(0, "replies", new BufferExhaustedException("32 MB"));

        assertThat(failures.failedPartitions()).isEqualTo(FailedPartitions.NONE);
    }

    /** The producer does this to records that it has not sent yet when another record is rejected. */
    @Test
    void recordsThatFailWithTheExceptionOfAnotherAreNotRejected() {
        Exception tooLarge = new RecordTooLargeException("large");
        fails(4, "replies", new TransactionAbortedException());
        fails(3, "replies", tooLarge);
        fails(0, "replies", tooLarge);
        fails(1, "dead", tooLarge);

        assertThat(failures.rejections(false)).isEqualTo(Map.of(3, tooLarge));
    }

    @Test
    void allRecordsToARejectedTopicAreFoundAtOnce() {
        Exception rejection = new TopicAuthorizationException(Set.of("secret"));
        fails(0, "secret", rejection);
        fails(1, "replies", rejection);
        fails(2, "secret", new TopicAuthorizationException(Set.of("secret")));
        Exception invalid = new InvalidTopicException(Set.of("a/b"));
        fails(3, "a/b", invalid);
        fails(4, "replies", invalid);

        assertThat(failures.rejections(false)).containsOnlyKeys(0, 2, 3);
    }

    private void fails(int settlement, String topic, Exception exception) {
        failures.callback(settlement, to(topic)).onCompletion(null, exception);
    }

    private static TopicPartition partition(String topic) {
        return new TopicPartition(topic, 0);
    }

    private static ProducerRecord<byte[], byte[]> to(String topic) {
        return new ProducerRecord<>(topic, 0, null, new byte[0]);
    }
}
