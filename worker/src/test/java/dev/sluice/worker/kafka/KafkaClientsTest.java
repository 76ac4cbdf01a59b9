package dev.sluice.worker.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class KafkaClientsTest {
    @Test
    void aMemberHasThePollIntervalThatItsWorkerNeeds() {
        assertThat(KafkaClients.groupMemberDefaults(Duration.ofMinutes(7))).containsEntry("max.poll.interval.ms", (int)
                Duration.ofMinutes(7).toMillis());
    }

    @Test
    void aPollIntervalIsCappedAtTheLargestThatKafkaTakes() {
        assertThat(KafkaClients.groupMemberDefaults(Duration.ofDays(365)))
                .containsEntry("max.poll.interval.ms", Integer.MAX_VALUE);
    }
}
