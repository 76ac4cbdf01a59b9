package dev.sluice;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Configures a {@link ReplyConsumer}. A group and a handler are required. A builder is not thread-safe. */
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
     * Sets the brokers as {@code host:port}, several separated by commas. The default is the Kafka property
     * {@code bootstrap.servers}. Without that property it is {@code localhost:9092}.
     */
    public ReplyConsumerBuilder bootstrapServers(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
        return this;
    }

    /**
     * Sets the base name of the queue's topics. The default is {@code chat}, so that replies are read from
     * {@code chat.replies}.
     */
    public ReplyConsumerBuilder topic(String topic) {
        this.topic = topic;
        return this;
    }

    /** Sets a reply topic other than the one of the base name. */
    public ReplyConsumerBuilder replyTopic(String replyTopic) {
        this.replyTopic = replyTopic;
        return this;
    }

    /** Sets the consumer group. It is required. */
    public ReplyConsumerBuilder group(String group) {
        this.group = group;
        return this;
    }

    /** Sets the handler for each reply. It is required. */
    public ReplyConsumerBuilder handler(ReplyHandler handler) {
        this.handler = handler;
        return this;
    }

    /**
     * Sets how often a reply is delivered again after the handler has thrown. The default is 5 and the minimum is 0.
     */
    public ReplyConsumerBuilder retries(int retries) {
        this.retries = retries;
        return this;
    }

    /** Sets what happens after the last retry. The default is {@link FailurePolicy#STOP}. */
    public ReplyConsumerBuilder onFailure(FailurePolicy onFailure) {
        this.onFailure = onFailure;
        return this;
    }

    /** Sets how long {@link ReplyConsumer#close()} waits for the handler. The default is 30 seconds. */
    public ReplyConsumerBuilder closeTimeout(Duration closeTimeout) {
        this.closeTimeout = closeTimeout;
        return this;
    }

    /** Sets any Kafka consumer property. {@link #start()} refuses properties that the consumer's promises rest on. */
    public ReplyConsumerBuilder kafkaProperty(String name, Object value) {
        kafka.put(name, value);
        return this;
    }

    /** Sets several Kafka consumer properties, for example from a client configuration file. */
    public ReplyConsumerBuilder kafkaProperties(Map<String, ?> properties) {
        kafka.putAll(properties);
        return this;
    }

    /**
     * Starts the consumer.
     *
     * @throws IllegalArgumentException with every problem of the configuration
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
