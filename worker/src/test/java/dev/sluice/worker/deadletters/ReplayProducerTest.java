package dev.sluice.worker.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.sluice.wire.Topics;
import java.time.Clock;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class ReplayProducerTest {
    private final AuthorizationException denied = new TransactionalIdAuthorizationException("no");

    private final MockProducer<byte[], byte[]> producer =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final ReplayProducer sender =
            new ReplayProducer(producer, new ReplayRecords(new Topics("chat")), Clock.systemUTC());

    @Test
    void aRightThatIsMissingIsToldAsWhatItIs() {
        producer.initTransactionException = denied;

        assertThat(stoppedBy(sender::takeOver)).isEqualTo(new ReplayFailure.Refused(denied, true));
    }

    @Test
    void aRefusalIsFoundBehindWhatTheProducerMakesOfIt() {
        producer.initTransactionException = new KafkaException("Cannot execute transactional method", denied);

        assertThat(stoppedBy(sender::takeOver)).isEqualTo(new ReplayFailure.Refused(denied, true));
    }

    @Test
    void anotherReplayIsNamed() {
        producer.initTransactionException = new ProducerFencedException("fenced");

        assertThat(stoppedBy(sender::takeOver))
                .isEqualTo(new ReplayFailure.Failed(
                        "nothing was sent: another replay of this queue has begun and taken over"));
        assertThat(sender.sent()).isZero();
    }

    @Test
    void whatWasSentBeforeARightWasTakenAwayCounts() {
        sender.takeOver();
        sender.send(List.of(letter(1), letter(2)));
        producer.commitTransactionException = denied;

        assertThat(stoppedBy(() -> sender.send(List.of(letter(3))))).isEqualTo(new ReplayFailure.Refused(denied, true));
        assertThat(sender.sent()).isEqualTo(2);
    }

    private static ReplayProducer.Item letter(long offset) {
        byte[] body = "{}".getBytes(UTF_8);
        return new ReplayProducer.Item(
                DeadLetter.of(new ConsumerRecord<>("chat.requests.dead", 0, offset, body, body)), body);
    }

    private static ReplayFailure stoppedBy(ThrowingCallable sending) {
        return catchThrowableOfType(ReplayStoppedException.class, sending).obstacle();
    }
}
