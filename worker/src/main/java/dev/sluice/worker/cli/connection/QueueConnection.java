package dev.sluice.worker.cli.connection;

import dev.sluice.ChatQueue;
import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.AclCheck;
import dev.sluice.worker.topics.TopicState;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;

/**
 * Opens the queue for a client command. It first checks what would otherwise fail late, with a message that helps less.
 */
public final class QueueConnection {
    private QueueConnection() {}

    /**
     * Returns the connected SDK.
     *
     * @throws CommandException if the broker, a topic or a right is missing, or the SDK does not accept the
     *     configuration
     */
    public static ChatQueue open(KafkaOptions options) throws InterruptedException {
        Topics topics = options.topics();
        List<String> needed = List.of(topics.requests(), topics.replies());
        try (Admin admin = AdminConnector.connect(options)) {
            new AclCheck(admin, AdminTimeouts.FOREGROUND).ofClient(topics).ifPresent(denied -> {
                throw new CommandException(denied);
            });
            Map<String, TopicState> found = TopicState.read(admin, needed, AdminTimeouts.FOREGROUND);
            List<String> missing =
                    needed.stream().filter(name -> !found.containsKey(name)).toList();
            if (!missing.isEmpty()) {
                throw new CommandException(
                        "Kafka at " + options.servers() + " has no " + String.join(" and no ", missing)
                                + "; create what is missing with 'sluice topics create --topic " + topics.base()
                                + "', or name another queue with --topic");
            }
        } catch (TopicState.UnreadableException e) {
            throw new CommandException(e.getMessage());
        }
        return build(options);
    }

    private static ChatQueue build(KafkaOptions options) {
        Map<String, Object> properties = new HashMap<>(options.properties());
        properties.remove("bootstrap.servers");
        try {
            return ChatQueue.builder()
                    .bootstrapServers(options.servers())
                    .topic(options.topics().base())
                    .kafkaProperties(properties)
                    .build();
        } catch (IllegalArgumentException e) {
            throw new CommandException(e.getMessage());
        }
    }
}
