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
    private final AuthorizationException denial = new TransactionalIdAuthorizationException("no");

    private final MockProducer<byte[], byte[]> kafka =
            new MockProducer<>(true, null, new ByteArraySerializer(), new ByteArraySerializer());
    private final ReplayProducer producer =
            new ReplayProducer(kafka, new ReplayRecords(new Topics("chat"), "ada"), Clock.systemUTC());

    @Test
    void aMissingRightIsReportedAsADenial() {
        kafka.initTransactionException = denial;

        assertThat(failureOf(producer::takeOver)).isEqualTo(new ReplayFailure.Denied(denial, true));
    }

    @Test
    void aDenialIsFoundInTheCauses() {
        kafka.initTransactionException = new KafkaException("Cannot execute transactional method", denial);

        assertThat(failureOf(producer::takeOver)).isEqualTo(new ReplayFailure.Denied(denial, true));
    }

    @Test
    void fencingIsReportedAsAnotherReplay() {
        kafka.initTransactionException = new ProducerFencedException("fenced");

        assertThat(failureOf(producer::takeOver))
                .isEqualTo(new ReplayFailure.Failed(
                        "nothing was sent: another replay of this queue has begun and taken over"));
        assertThat(producer.sent()).isZero();
    }

    @Test
    void lettersSentBeforeADenialAreCounted() {
        producer.takeOver();
        producer.send(List.of(letter(1), letter(2)));
        kafka.commitTransactionException = denial;

        assertThat(failureOf(() -> producer.send(List.of(letter(3)))))
                .isEqualTo(new ReplayFailure.Denied(denial, true));
        assertThat(producer.sent()).isEqualTo(2);
    }

    private static ReplayProducer.Item letter(long offset) {
        byte[] body = "{}".getBytes(UTF_8);
        return new ReplayProducer.Item(
                DeadLetter.of(new ConsumerRecord<>("chat.requests.dead", 0, offset, body, body)), body);
    }

    private static ReplayFailure failureOf(ThrowingCallable call) {
        return catchThrowableOfType(ReplayStoppedException.class, call).failure();
    }
}
