package dev.sluice;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Configures a {@link ReplyConsumer}. Group and handler are required. Not thread-safe. */
public final class ReplyConsumerBuilder {
    private @Nullable String bootstrapServers;
    private String topic = "chat";
    private @Nullable String replyTopic;
    private @Nullable String group;
    private @Nullable ReplyHandler handler;
    private int retries = 5;
    private FailurePolicy onFailure = FailurePolicy.STOP;
    private Duration closeTimeout = Duration.ofSeconds(30);
    private final Map<String, Object> kafka = new LinkedHashMap<>();

    ReplyConsumerBuilder() {}

    /**
     * {@code host:port}, several separated by commas. Unless said otherwise the Kafka property {@code bootstrap.servers},
     * and without that {@code localhost:9092}.
     */
    public ReplyConsumerBuilder bootstrapServers(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
        return this;
    }

    /** The base name of the queue's topics, {@code chat} unless said otherwise: replies are read from {@code chat.replies}. */
    public ReplyConsumerBuilder topic(String topic) {
        this.topic = topic;
        return this;
    }

    /** Another topic to read replies from. */
    public ReplyConsumerBuilder replyTopic(String replyTopic) {
        this.replyTopic = replyTopic;
        return this;
    }

    /** Required: the consumer group. */
    public ReplyConsumerBuilder group(String group) {
        this.group = group;
        return this;
    }

    /** Required: what to do with each reply. */
    public ReplyConsumerBuilder handler(ReplyHandler handler) {
        this.handler = handler;
        return this;
    }

    /** How often a reply is handed over again after the handler has thrown: 5 times unless said otherwise, 0 or more. */
    public ReplyConsumerBuilder retries(int retries) {
        this.retries = retries;
        return this;
    }

    /** What happens after the last retry: {@link FailurePolicy#STOP} unless said otherwise. */
    public ReplyConsumerBuilder onFailure(FailurePolicy onFailure) {
        this.onFailure = onFailure;
        return this;
    }

    /** How long {@link ReplyConsumer#close()} waits for the handler: 30 seconds unless said otherwise. */
    public ReplyConsumerBuilder closeTimeout(Duration closeTimeout) {
        this.closeTimeout = closeTimeout;
        return this;
    }

    /** Any property of a Kafka consumer. Those that the consumer's promises rest on are refused by {@link #start()}. */
    public ReplyConsumerBuilder kafkaProperty(String name, Object value) {
        kafka.put(name, value);
        return this;
    }

    /** Several of them, as read from a client configuration file. */
    public ReplyConsumerBuilder kafkaProperties(Map<String, ?> properties) {
        kafka.putAll(properties);
        return this;
    }

    /**
     * Starts to read.
     *
     * @throws IllegalArgumentException naming everything that is wrong with the configuration
     */
    public ReplyConsumer start() {
        return ReplyConsumer.start(settings());
    }

    ReplyConsumerSettings settings() {
        return ReplyConsumerSettings.of(
                ClientProperties.servers(bootstrapServers, kafka),
                topic,
                replyTopic,
                group,
                handler,
                retries,
                onFailure,
                closeTimeout,
                kafka);
    }
}
