package dev.sluice.worker.cli.connection;

import dev.sluice.ChatQueue;
import dev.sluice.ChatQueueBuilder;
import dev.sluice.Priority;
import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.AclCheck;
import dev.sluice.worker.topics.TopicState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;

/**
 * Opens the queue for a client command. It first checks what would otherwise fail late, with a message that helps less.
 */
public final class QueueConnection {
    private QueueConnection() {}

    /** The room for the key and the headers of a request, and for Kafka's framing, in bytes. */
    private static final int ROOM_BESIDE_BODY = 1024;

    /** Someone waits for each request. Kafka's producer waits 5 ms for others that could go with it. */
    private static final Map<String, Object> WITHOUT_PAUSE = Map.of(ProducerConfig.LINGER_MS_CONFIG, 0);

    /** Returns the connected SDK for requests of the usual size. */
    public static ChatQueue open(KafkaOptions options, Priority priority) throws InterruptedException {
        return open(options, priority, 0);
    }

    /**
     * Returns the connected SDK.
     *
     * @param priority the priority of all requests
     * @param largestBody the size of the largest request in bytes
     * @throws CommandException if the broker, a topic or a right is missing, or the SDK does not accept the
     *     configuration
     */
    public static ChatQueue open(KafkaOptions options, Priority priority, int largestBody) throws InterruptedException {
        Topics topics = options.topics();
        return open(options, List.of(priority.topic(topics)), topics.replies(), largestBody, Map.of());
    }

    /** Returns the connected SDK for a door, which may publish both normal and express requests. */
    public static ChatQueue openDoor(KafkaOptions options, boolean publishesExpress, int largestBody)
            throws InterruptedException {
        Topics topics = options.topics();
        List<String> published = publishesExpress ? topics.fromProducers() : List.of(topics.requests());
        return open(options, published, topics.doorReplies(), largestBody, WITHOUT_PAUSE);
    }

    private static ChatQueue open(
            KafkaOptions options, List<String> published, String replies, int largestBody, Map<String, Object> defaults)
            throws InterruptedException {
        List<String> needed = new ArrayList<>(published);
        needed.add(replies);
        try (Admin admin = AdminConnector.connect(options)) {
            new AclCheck(admin, AdminTimeouts.FOREGROUND)
                    .ofClient(replies, published)
                    .ifPresent(denied -> {
                        throw new CommandException(denied);
                    });
            Map<String, TopicState> found = TopicState.read(admin, needed, AdminTimeouts.FOREGROUND);
            List<String> missing =
                    needed.stream().filter(name -> !found.containsKey(name)).toList();
            if (!missing.isEmpty()) {
                throw new CommandException(
                        "Kafka at " + options.servers() + " has no " + String.join(" and no ", missing)
                                + "; create what is missing with 'sluice topics create --topic "
                                + options.topics().base() + "', or name another queue with --topic");
            }
            for (String topic : published) {
                requireRoom(found.get(topic), largestBody);
            }
        } catch (TopicState.UnreadableException e) {
            throw new CommandException(e.getMessage());
        }
        return build(options, replies, largestBody, defaults);
    }

    /** Requires that the topic takes the largest request. A limit that this user may not read is not checked. */
    private static void requireRoom(@Nullable TopicState requests, int largestBody) {
        String limit = requests == null ? null : requests.settings().get(TopicConfig.MAX_MESSAGE_BYTES_CONFIG);
        if (requests != null && limit != null && largestBody > Long.parseLong(limit) - ROOM_BESIDE_BODY) {
            throw new CommandException("the largest body has " + largestBody + " bytes, and topic " + requests.name()
                    + " takes records of " + limit + " bytes, headers included; raise max.message.bytes of the queue's"
                    + " topics and --max-request-bytes of the workers, or leave larger bodies out with"
                    + " --max-request-bytes and --skip-invalid");
        }
    }

    private static ChatQueue build(
            KafkaOptions options, String replies, int largestBody, Map<String, Object> defaults) {
        Map<String, Object> properties = new HashMap<>(defaults);
        properties.putAll(options.properties());
        properties.remove("bootstrap.servers");
        try {
            return ChatQueue.builder()
                    .bootstrapServers(options.servers())
                    .topic(options.topics().base())
                    .replyTopic(replies)
                    .kafkaProperties(properties)
                    .maxBodyBytes(Math.max(ChatQueueBuilder.DEFAULT_MAX_BODY_BYTES, largestBody))
                    .build();
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage());
        }
    }
}
