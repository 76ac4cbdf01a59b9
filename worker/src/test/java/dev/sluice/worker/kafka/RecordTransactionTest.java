package dev.sluice.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;

class RecordTransactionTest {
    private static final List<ProducerRecord<byte[], byte[]>> TWO =
            List.of(new ProducerRecord<>("a", new byte[1]), new ProducerRecord<>("b", new byte[2]));

    private int lateCommits;
    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer()) {
                @Override
                public synchronized void commitTransaction() {
                    if (lateCommits > 0) {
                        lateCommits--;
                        throw new TimeoutException("late");
                    }
                    super.commitTransaction();
                }
            };

    RecordTransactionTest() {
        producer.initTransactions();
    }

    @Test
    void allAreSentInOneTransaction() {
        assertThat(RecordTransaction.commits(producer, TWO)).isTrue();

        assertThat(producer.commitCount()).isEqualTo(1);
        assertThat(producer.history()).isEqualTo(TWO);
    }

    @Test
    void nothingIsSentIfOneIsTooLarge() {
        producer.sendException = new KafkaException("failed", new RecordTooLargeException("2 bytes"));

        assertThat(RecordTransaction.commits(producer, TWO)).isFalse();

        assertThat(producer.transactionAborted()).isTrue();
        assertThat(producer.history()).isEmpty();
    }

    /** The producer wraps what made its transaction fail. Callers look for the denial itself. */
    @Test
    void aMissingRightIsThrownItself() {
        TopicAuthorizationException denial = new TopicAuthorizationException("a");
        producer.sendException = new KafkaException("failed", denial);

        assertThatThrownBy(() -> RecordTransaction.commits(producer, TWO)).isSameAs(denial);

        assertThat(producer.transactionAborted()).isTrue();
    }

    @Test
    void aCommitThatIsLateIsRepeated() {
        lateCommits = 2;

        assertThat(RecordTransaction.commits(producer, TWO)).isTrue();

        assertThat(producer.history()).isEqualTo(TWO);
    }

    @Test
    void aCommitThatStaysLateFails() {
        lateCommits = Integer.MAX_VALUE;

        assertThatThrownBy(() -> RecordTransaction.commits(producer, TWO)).isInstanceOf(TimeoutException.class);
    }
}
