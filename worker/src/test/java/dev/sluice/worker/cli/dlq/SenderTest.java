package dev.sluice.worker.cli.dlq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.wire.Topics;
import java.time.Clock;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.junit.jupiter.api.Test;

class SenderTest {
    private final MockProducer<byte[], byte[]> producer = new MockProducer<>();
    private final Sender sender = new Sender(producer, new Resend(new Topics("chat")), Clock.systemUTC());

    @Test
    void aRightThatIsMissingIsHandedOnAsItIs() {
        KafkaException denied = new TransactionalIdAuthorizationException("no");
        producer.initTransactionException = denied;

        assertThatThrownBy(sender::takeOver).isSameAs(denied);
    }

    @Test
    void anotherReplayIsNamed() {
        producer.initTransactionException = new ProducerFencedException("fenced");

        assertThatThrownBy(sender::takeOver)
                .isInstanceOf(ReplayStoppedException.class)
                .hasMessage("nothing was sent: another replay of this queue has begun and taken over");
        assertThat(sender.sent()).isZero();
    }
}
