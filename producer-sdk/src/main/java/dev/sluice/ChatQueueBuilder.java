package dev.sluice;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Configures a {@link ChatQueue}. Every setting has a default. A builder is not thread-safe. */
public final class ChatQueueBuilder {
    /**
     * The default limit for a body in bytes. It is Kafka's default limit for a record (1 MiB) less 16 KiB for key,
     * headers and framing.
     */
    public static final int DEFAULT_MAX_BODY_BYTES = 1024 * 1024 - QueueSettings.ROOM_BESIDE_BODY;

    private @Nullable String bootstrapServers;
    private String topic = "chat";
    private @Nullable String replyTopic;
    private Duration defaultDeadline = Duration.ofMinutes(5);
    private Duration closeTimeout = Duration.ofSeconds(30);
    private int maxBodyBytes = DEFAULT_MAX_BODY_BYTES;
    private boolean cancelsRequests;
    private final Map<String, Object> kafka = new LinkedHashMap<>();

    ChatQueueBuilder() {}

    /**
     * Sets the brokers as {@code host:port}, several separated by commas. The default is the Kafka property
     * {@code bootstrap.servers}. Without that property it is {@code localhost:9092}.
     */
    public ChatQueueBuilder bootstrapServers(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
        return this;
    }

    /**
     * Sets the base name of the queue's topics. The default is {@code chat}, so that requests go to
     * {@code chat.requests}.
     */
    public ChatQueueBuilder topic(String topic) {
        this.topic = topic;
        return this;
    }

    /**
     * Sets the topic for the replies to {@code ask}. The default follows from the base name, for example
     * {@code chat.replies}. Any other topic must be listed in the workers' {@code --reply-topics}.
     */
    public ChatQueueBuilder replyTopic(String replyTopic) {
        this.replyTopic = replyTopic;
        return this;
    }

    /** Sets how long {@code ask} waits if the call names no deadline. The default is 5 minutes. */
    public ChatQueueBuilder defaultDeadline(Duration defaultDeadline) {
        this.defaultDeadline = defaultDeadline;
        return this;
    }

    /** Sets how long {@link ChatQueue#close()} waits for submitted requests to be sent. The default is 30 seconds. */
    public ChatQueueBuilder closeTimeout(Duration closeTimeout) {
        this.closeTimeout = closeTimeout;
        return this;
    }

    /**
     * Sets the largest accepted body in bytes. The default is {@value #DEFAULT_MAX_BODY_BYTES}. The topic's
     * {@code max.message.bytes} must be at least 16 KiB larger. The retry, delay and dead-letter topics need still
     * more.
     */
    public ChatQueueBuilder maxBodyBytes(int maxBodyBytes) {
        this.maxBodyBytes = maxBodyBytes;
        return this;
    }

    /**
     * Makes the cancellation of an ask's future cancel its request, too, as {@link ChatQueue#cancel} does. The default
     * is that the request stays in the queue. Only the future that {@code ask} returns counts, not one that was derived
     * from it. This needs the right to write to {@code chat.cancels}. The cancellation can block like {@code submit};
     * where the mark cannot be written, a warning is logged and the request stays in the queue.
     */
    public ChatQueueBuilder cancelRequests() {
        this.cancelsRequests = true;
        return this;
    }

    /**
     * Sets any Kafka client property, such as {@code security.protocol} or {@code linger.ms}. Each client gets the
     * properties it knows. {@link #build()} refuses properties that the queue's promises rest on, for example
     * {@code acks}.
     */
    public ChatQueueBuilder kafkaProperty(String name, Object value) {
        kafka.put(name, value);
        return this;
    }

    /** Sets several Kafka client properties, for example from a client configuration file. */
    public ChatQueueBuilder kafkaProperties(Map<String, ?> properties) {
        kafka.putAll(properties);
        return this;
    }

    /**
     * Builds the queue. It does not contact the broker yet and starts no thread for replies.
     *
     * @throws IllegalArgumentException with every problem of the configuration
     */
    public ChatQueue build() {
        return KafkaChatQueue.open(settings());
    }

    QueueSettings settings() {

        return new QueueSettings(
                ClientProperties.servers(bootstrapServers, kafka),
                topic,
                replyTopic,
                defaultDeadline,
                closeTimeout,
                maxBodyBytes,
                cancelsRequests,
                Map.copyOf(kafka));
    }
}
