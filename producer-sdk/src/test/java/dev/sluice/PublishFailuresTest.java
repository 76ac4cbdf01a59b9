package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.apache.kafka.clients.producer.BufferExhaustedException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class PublishFailuresTest {
    private final PublishFailures failures =
            new PublishFailures(ChatQueue.builder().topic("mine").settings());

    @ParameterizedTest
    @MethodSource
    void namesTopicAndRemedy(Exception cause, String remedy) {
        ChatQueueException explained = failures.explain("mine.requests", "i", 5, cause);

        assertThat(explained)
                .hasCause(cause)
                .hasMessageStartingWith("request i was not published to topic mine.requests: ")
                .hasMessageContaining(remedy);
    }

    static Stream<Arguments> namesTopicAndRemedy() {
        return Stream.of(
                Arguments.of(new UnknownTopicOrPartitionException("x"), "run `sluice topics create --topic mine`"),
                Arguments.of(new TopicAuthorizationException("x"), "grant this client's user WRITE"),
                Arguments.of(new SaslAuthenticationException("x"), "check the sasl.* and ssl.* properties"),
                Arguments.of(
                        new BufferExhaustedException("x"), "(buffer.memory) stayed full for 5000 ms (max.block.ms)"),
                Arguments.of(new TimeoutException("x"), "no answer from Kafka at localhost:9092"),
                Arguments.of(new InvalidTopicException("strange"), "strange"));
    }

    @Test
    void keepsAnInterruptForTheCaller() {
        ChatQueueException explained = failures.explain("mine.requests", new InterruptException("x"));

        assertThat(Thread.interrupted()).isTrue();
        assertThat(explained).hasMessage("nothing can be published to topic mine.requests: the thread was interrupted");
    }
}
