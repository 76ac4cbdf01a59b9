package dev.sluice.sandbox.junit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class KafkaExtensionIT {

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    @Test
    void servesClients() throws Exception {
        String topic = kafka.uniqueName("chat");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", kafka.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get(20, TimeUnit.SECONDS);

            // The broker answers lists from its metadata, which may be slightly behind.
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> admin.listTopics().names().get(20, TimeUnit.SECONDS), names -> names.contains(topic));
        }
    }

    @Test
    void namesAreUnique() {
        assertThat(kafka.uniqueName("chat")).startsWith("chat-").isNotEqualTo(kafka.uniqueName("chat"));
    }

    @Test
    void explainsAnExtensionThatWasNotStarted() {
        assertThatThrownBy(new KafkaExtension()::bootstrapServers)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("static");
    }

    /** Stands for a second test class. */
    @Nested
    class AnotherClass {

        @RegisterExtension
        static final KafkaExtension SAME = new KafkaExtension();

        @Test
        void sharesTheBroker() {
            assertThat(SAME.bootstrapServers()).isEqualTo(kafka.bootstrapServers());
        }
    }
}
