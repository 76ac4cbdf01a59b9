package dev.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QueueSettingsTest {
    @Test
    void hasTheseDefaults() {
        QueueSettings settings = ChatQueue.builder().settings();

        assertThat(settings)
                .isEqualTo(new QueueSettings(
                        "localhost:9092",
                        "chat",
                        null,
                        Duration.ofMinutes(5),
                        Duration.ofSeconds(30),
                        1_032_192,
                        false,
                        Map.of()));
        assertThat(settings.replies()).isEqualTo("chat.replies");
        assertThat(settings.maxRequestBytes()).isEqualTo(1_048_576);
        assertThat(settings.maxBlock()).isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void reportsAllProblemsTogether() {
        ChatQueueBuilder builder = ChatQueue.builder()
                .bootstrapServers(" ")
                .topic("no topic")
                .replyTopic("")
                .defaultDeadline(Duration.ZERO)
                .closeTimeout(Duration.ofSeconds(-1))
                .maxBodyBytes(0)
                .kafkaProperty("acks", "1")
                .kafkaProperty("group.id", "g")
                .kafkaProperty("max.block.ms", "soon");

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "bootstrapServers is empty",
                        "topic base name 'no topic'",
                        "replyTopic is empty",
                        "defaultDeadline is PT0S",
                        "closeTimeout is PT-1S",
                        "maxBodyBytes is 0",
                        "Kafka property acks can't be set: is always all, so that no request is lost",
                        "Kafka property group.id can't be set",
                        "max.block.ms is 'soon'");
    }

    @Test
    void takesServersFromAClientConfigurationFileUnlessSetExplicitly() {
        Map<String, String> file = Map.of("bootstrap.servers", "kafka:9092");

        assertThat(ChatQueue.builder().kafkaProperties(file).settings().bootstrapServers())
                .isEqualTo("kafka:9092");
        assertThat(ChatQueue.builder()
                        .kafkaProperties(file)
                        .bootstrapServers("other:9092")
                        .settings()
                        .bootstrapServers())
                .isEqualTo("other:9092");
    }

    @Test
    void acceptsAFixedPropertyWithItsOwnValue() {
        QueueSettings settings =
                ChatQueue.builder().kafkaProperty("acks", "all").settings();

        assertThat(settings.kafka()).containsKey("acks");
    }

    @Test
    void givesEachClientThePropertiesItKnows() {
        QueueSettings settings = ChatQueue.builder()
                .bootstrapServers("kafka:9092")
                .maxBodyBytes(100)
                .kafkaProperty("linger.ms", "7")
                .kafkaProperty("fetch.min.bytes", "8")
                .kafkaProperty("security.protocol", "SSL")
                .kafkaProperty("plugin.of.mine", "x")
                .settings();

        assertThat(ClientProperties.producer(settings))
                .containsEntry("bootstrap.servers", "kafka:9092")
                .containsEntry("acks", "all")
                .containsEntry("enable.idempotence", true)
                .containsEntry("max.in.flight.requests.per.connection", 1)
                .containsEntry("max.block.ms", 5_000L)
                .containsEntry("max.request.size", 16_484)
                .containsEntry("linger.ms", "7")
                .containsEntry("security.protocol", "SSL")
                .containsEntry("plugin.of.mine", "x")
                .doesNotContainKey("fetch.min.bytes");
        assertThat(ClientProperties.inbox(settings))
                .containsEntry("isolation.level", "read_committed")
                .containsEntry("auto.offset.reset", "none")
                .containsEntry("enable.auto.commit", false)
                .containsEntry("allow.auto.create.topics", false)
                .containsEntry("fetch.min.bytes", "8")
                .doesNotContainKeys("linger.ms", "group.id");
        assertThat(ClientProperties.admin(settings))
                .containsEntry("security.protocol", "SSL")
                .doesNotContainKeys("linger.ms", "fetch.min.bytes", "acks");
        assertThat(ClientProperties.group("kafka:9092", "g", Map.of()))
                .containsEntry("group.id", "g")
                .containsEntry("max.poll.records", 50);
    }

    @Test
    void checksTheConfigurationOfAReplyConsumer() {
        ReplyConsumerBuilder builder = ReplyConsumer.builder()
                .bootstrapServers("")
                .topic("no topic")
                .retries(-1)
                .closeTimeout(Duration.ZERO)
                .kafkaProperty("isolation.level", "read_uncommitted");

        assertThatThrownBy(builder::start)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "bootstrapServers is empty",
                        "topic base name 'no topic'",
                        "group is missing",
                        "handler is missing",
                        "retries is -1",
                        "closeTimeout is PT0S",
                        "isolation.level can't be set");
    }

    @Test
    void hasTheseDefaultsForAReplyConsumer() {
        ReplyHandler handler = reply -> {};

        ReplyConsumerSettings settings =
                ReplyConsumer.builder().group("g").handler(handler).settings();

        assertThat(settings)
                .isEqualTo(new ReplyConsumerSettings(
                        "localhost:9092",
                        "chat.replies",
                        "g",
                        handler,
                        5,
                        FailurePolicy.STOP,
                        Duration.ofSeconds(30),
                        Map.of()));
    }
}
