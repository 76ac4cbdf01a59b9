package dev.sluice.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;

class AdminResultsTest {
    @Test
    void whatIsAskedOfTheBrokerIsRefusedWithTheRight() {
        assertThat(AdminResults.unreadable("the offsets", new TopicAuthorizationException(Set.of("t"))))
                .hasMessage("cannot read the offsets: Kafka does not allow it: give this user Describe on topic t");
    }
}
