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
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.TopicConfig;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

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
        require(options, List.of(priority.topic(topics)), topics.replies(), largestBody);
        return build(options, topics.replies(), largestBody, Map.of(), false);
    }

    /**
     * Returns the connected SDK for a door, which may publish both normal and express requests. It cancels requests
     * that nobody waits for any more, where that is possible.
     */
    public static ChatQueue openDoor(KafkaOptions options, boolean publishesExpress, int largestBody)
            throws InterruptedException {
        Topics topics = options.topics();
        List<String> published = publishesExpress ? topics.fromProducers() : List.of(topics.requests());
        require(options, published, topics.doorReplies(), largestBody);
        return build(options, topics.doorReplies(), largestBody, WITHOUT_PAUSE, mayCancel(options));
    }

    /**
     * Requires what a door needs to run batches. Rights on the group and on the transactional id show when they are
     * used.
     *
     * @throws CommandException if the topic or a right is missing
     */
    public static void requireBatches(KafkaOptions options) throws InterruptedException {
        String replies = options.topics().batchReplies();
        try (Admin admin = AdminConnector.connect(options)) {
            refuse(new AclCheck(admin, AdminTimeouts.FOREGROUND).ofClient(replies, List.of(replies)));
            Map<String, TopicState> unused = existing(admin, options, List.of(replies));
        }
    }

    private static boolean mayCancel(KafkaOptions options) throws InterruptedException {
        try (Admin admin = AdminConnector.connect(options)) {
            requireCancels(admin, options);
            return true;
        } catch (CommandException e) {
            // A static logger would fix the log's layout before the options have set it.
            LoggerFactory.getLogger(QueueConnection.class)
                    .atWarn()
                    .addKeyValue("reason", e.getMessage())
                    .log("Requests whose clients have gone are called all the same, since they cannot be cancelled");
            return false;
        }
    }

    /** Returns the connected SDK for a command that only cancels requests. */
    public static ChatQueue openToCancel(KafkaOptions options) throws InterruptedException {
        Topics topics = options.topics();
        try (Admin admin = AdminConnector.connect(options)) {
            requireCancels(admin, options);
        }
        return build(options, topics.replies(), 0, WITHOUT_PAUSE, false);
    }

    /** Requires that this user can cancel requests. */
    private static void requireCancels(Admin admin, KafkaOptions options) throws InterruptedException {
        Topics topics = options.topics();
        refuse(new AclCheck(admin, AdminTimeouts.FOREGROUND).ofCanceller(topics));
        Map<String, TopicState> unused = existing(admin, options, List.of(topics.cancels()));
    }

    /** Requires the broker, the topics and the rights without which the command cannot work. */
    private static void require(KafkaOptions options, List<String> published, String replies, int largestBody)
            throws InterruptedException {
        List<String> needed = new ArrayList<>(published);
        needed.add(replies);
        try (Admin admin = AdminConnector.connect(options)) {
            refuse(new AclCheck(admin, AdminTimeouts.FOREGROUND).ofClient(replies, published));
            Map<String, TopicState> found = existing(admin, options, needed);
            for (String topic : published) {
                requireRoom(found.get(topic), largestBody);
            }
        }
    }

    private static void refuse(Optional<String> denied) {
        denied.ifPresent(reason -> {
            throw new CommandException(reason);
        });
    }

    /** Returns the state of topics without which the command cannot work. */
    private static Map<String, TopicState> existing(Admin admin, KafkaOptions options, List<String> needed)
            throws InterruptedException {
        Map<String, TopicState> found;
        try {
            found = TopicState.read(admin, needed, AdminTimeouts.FOREGROUND);
        } catch (TopicState.UnreadableException e) {
            throw new CommandException(e.getMessage());
        }
        List<String> missing =
                needed.stream().filter(name -> !found.containsKey(name)).toList();
        if (!missing.isEmpty()) {
            throw new CommandException("Kafka at " + options.servers() + " has no " + String.join(" and no ", missing)
                    + "; create what is missing with 'sluice topics create --topic "
                    + options.topics().base() + "', or name another queue with --topic");
        }
        return found;
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
            KafkaOptions options,
            String replies,
            int largestBody,
            Map<String, Object> defaults,
            boolean cancelsRequests) {
        Map<String, Object> properties = new HashMap<>(defaults);
        properties.putAll(options.properties());
        properties.remove("bootstrap.servers");
        try {
            ChatQueueBuilder builder = ChatQueue.builder()
                    .bootstrapServers(options.servers())
                    .topic(options.topics().base())
                    .replyTopic(replies)
                    .kafkaProperties(properties)
                    .maxBodyBytes(Math.max(ChatQueueBuilder.DEFAULT_MAX_BODY_BYTES, largestBody));
            return (cancelsRequests ? builder.cancelRequests() : builder).build();
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage());
        }
    }
}
