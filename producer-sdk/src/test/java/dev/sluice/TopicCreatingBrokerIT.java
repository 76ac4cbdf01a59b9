package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests against a broker that creates every topic it is asked for, which is Kafka's default. */
@Timeout(120)
class TopicCreatingBrokerIT {
    private static final ChatRequest REQUEST = ChatRequest.ofJson("{\"model\":\"m\",\"messages\":[1]}");
    private static final ChatRequest EXPRESS =
            ChatRequest.jsonBuilder(REQUEST.body()).priority(Priority.EXPRESS).build();

    @Test
    void namesAMissingTopicAndDoesNotCreateIt() throws Exception {
        BrokerSettings settings = BrokerSettings.defaults().withProperty("auto.create.topics.enable", "true");
        try (SandboxBroker broker = SandboxBroker.start(settings);
                Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
                ChatQueue queue = ChatQueue.connect(broker.bootstrapServers())) {
            assertThatThrownBy(queue.submit(REQUEST)::join)
                    .hasCauseInstanceOf(ChatQueueException.class)
                    .hasMessageContaining("topic chat.requests: the topic does not exist")
                    .hasMessageContaining("run `sluice topics create --topic chat`");

            admin.createTopics(List.of(new NewTopic("chat.requests", 1, (short) 1)))
                    .all()
                    .get();
            assertThatThrownBy(queue.ask(REQUEST)::join)
                    .hasCauseInstanceOf(ChatQueueException.class)
                    .hasMessageContaining("reply topic chat.replies does not exist");

            assertThatThrownBy(queue.submit(EXPRESS)::join)
                    .hasCauseInstanceOf(ChatQueueException.class)
                    .hasMessageContaining("topic chat.requests.express: the topic does not exist")
                    .hasMessageContaining("run `sluice topics create --topic chat`");
            assertThat(queue.submit(REQUEST).join().topic()).isEqualTo("chat.requests");

            assertThat(admin.listTopics().names().get()).containsExactly("chat.requests");
        }
    }
}
