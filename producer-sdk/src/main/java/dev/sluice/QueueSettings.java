package dev.sluice;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.jspecify.annotations.Nullable;

/**
 * The checked configuration of a queue. All problems are reported together.
 *
 * @param base the topics' base name
 * @param replyTopic the topic for replies to asks, or null for the one of the base name
 * @param cancelsRequests true if the cancellation of an ask cancels its request
 * @param kafka the user's Kafka properties
 */
record QueueSettings(
        String bootstrapServers,
        String base,
        @Nullable String replyTopic,
        Duration defaultDeadline,
        Duration closeTimeout,
        int maxBodyBytes,
        boolean cancelsRequests,
        Map<String, Object> kafka) {
    /** The room for the key, the headers (8 KiB of the user's own) and Kafka's framing, in bytes. */
    static final int ROOM_BESIDE_BODY = 16 * 1024;

    private static final int LARGEST_MAX_BODY_BYTES = 1 << 30;

    QueueSettings {
        List<String> problems = new ArrayList<>();
        if (bootstrapServers.isBlank()) {
            problems.add("bootstrapServers is empty: give host:port");
        }
        try {
            new Topics(base);
        } catch (IllegalArgumentException e) {
            problems.add(e.getMessage());
        }
        if (replyTopic != null && replyTopic.isBlank()) {
            problems.add("replyTopic is empty: name a topic, or leave it out");
        }
        requirePositive("defaultDeadline", defaultDeadline, problems);
        requirePositive("closeTimeout", closeTimeout, problems);
        if (maxBodyBytes < 1 || maxBodyBytes > LARGEST_MAX_BODY_BYTES) {
            problems.add("maxBodyBytes is " + maxBodyBytes + ": must be 1 to " + LARGEST_MAX_BODY_BYTES);
        }
        problems.addAll(ClientProperties.refused(kafka));
        Object maxBlock = kafka.getOrDefault(ProducerConfig.MAX_BLOCK_MS_CONFIG, "1");
        if (!maxBlock.toString().strip().matches("[0-9]{1,9}")) {
            problems.add("Kafka property max.block.ms is '" + maxBlock + "': must be milliseconds");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("chat queue configuration: " + String.join("; ", problems));
        }
        kafka = Map.copyOf(kafka);
    }

    Topics topics() {
        return new Topics(base);
    }

    String replies() {
        return replyTopic == null ? topics().replies() : replyTopic;
    }

    /** Returns the producer's limit for a record in bytes. */
    int maxRequestBytes() {
        return maxBodyBytes + ROOM_BESIDE_BODY;
    }

    /** Returns how long a caller is blocked at most. */
    Duration maxBlock() {
        return Duration.ofMillis(ClientProperties.maxBlockMillis(kafka));
    }

    private static void requirePositive(String name, Duration value, List<String> problems) {
        if (value.isNegative() || value.isZero()) {
            problems.add(name + " is " + value + ": must be more than zero");
        }
    }
}
