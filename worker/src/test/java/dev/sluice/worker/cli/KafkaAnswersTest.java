package dev.sluice.worker.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class KafkaAnswersTest {
    @Test
    void whatIsAskedOfTheBrokerIsRefusedWithTheRight() {
        assertThat(KafkaAnswers.refusal("the offsets", new TopicAuthorizationException(Set.of("t"))))
                .hasMessage("cannot read the offsets: Kafka does not allow it: give this user Describe on topic t");
    }
}
