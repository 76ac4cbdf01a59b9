package dev.sluice;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Configures a {@link ChatQueue}. Everything has a default. Not thread-safe. */
public final class ChatQueueBuilder {
    /**
     * The largest body in bytes: Kafka's default limit for a record, 1 MiB, less 16 KiB for key, headers and framing.
     */
    public static final int DEFAULT_MAX_BODY_BYTES = 1024 * 1024 - QueueSettings.ROOM_BESIDE_BODY;

    private @Nullable String bootstrapServers;
    private String topic = "chat";
    private @Nullable String replyTopic;
    private Duration defaultDeadline = Duration.ofMinutes(5);
    private Duration closeTimeout = Duration.ofSeconds(30);
    private int maxBodyBytes = DEFAULT_MAX_BODY_BYTES;
    private final Map<String, Object> kafka = new LinkedHashMap<>();

    ChatQueueBuilder() {}

    /**
     * {@code host:port}, several separated by commas. Unless said otherwise the Kafka property {@code bootstrap.servers},
     * and without that {@code localhost:9092}.
     */
    public ChatQueueBuilder bootstrapServers(String bootstrapServers) {
        this.bootstrapServers = bootstrapServers;
        return this;
    }

    /** The base name of the queue's topics, {@code chat} unless said otherwise: requests go to {@code chat.requests}. */
    public ChatQueueBuilder topic(String topic) {
        this.topic = topic;
        return this;
    }

    /**
     * Where {@code ask} wants its replies, {@code chat.replies} (by the base name) unless said otherwise. Another one must
     * be on the workers' {@code --reply-topics}.
     */
    public ChatQueueBuilder replyTopic(String replyTopic) {
        this.replyTopic = replyTopic;
        return this;
    }

    /** How long {@code ask} waits where it is not told: 5 minutes unless said otherwise. */
    public ChatQueueBuilder defaultDeadline(Duration defaultDeadline) {
        this.defaultDeadline = defaultDeadline;
        return this;
    }

    /** How long {@link ChatQueue#close()} waits for what was submitted: 30 seconds unless said otherwise. */
    public ChatQueueBuilder closeTimeout(Duration closeTimeout) {
        this.closeTimeout = closeTimeout;
        return this;
    }

    /**
     * The largest body that is taken, {@value #DEFAULT_MAX_BODY_BYTES} bytes unless said otherwise. The topic's {@code
     * max.message.bytes} must be at least 16 KiB more; that of the retry, delay and dead-letter topics larger still.
     */
    public ChatQueueBuilder maxBodyBytes(int maxBodyBytes) {
        this.maxBodyBytes = maxBodyBytes;
        return this;
    }

    /**
     * Any Kafka client property, such as {@code security.protocol} or {@code linger.ms}; each client gets those it knows.
     * Those that the queue's promises rest on, {@code acks} for example, are refused by {@link #build()}.
     */
    public ChatQueueBuilder kafkaProperty(String name, Object value) {
        kafka.put(name, value);
        return this;
    }

    /** Several of them, as read from a client configuration file. */
    public ChatQueueBuilder kafkaProperties(Map<String, ?> properties) {
        kafka.putAll(properties);
        return this;
    }

    /**
     * The queue. It has not spoken with the broker yet, and has no thread that waits for replies.
     *
     * @throws IllegalArgumentException naming everything that is wrong with the configuration
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
                Map.copyOf(kafka));
    }
}
