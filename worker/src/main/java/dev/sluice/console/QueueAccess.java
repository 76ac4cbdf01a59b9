package dev.sluice.console;

import dev.sluice.wire.Topics;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;

/**
 * The way to the records of a queue.
 *
 * @param admin an admin client that stays open until the console is closed
 * @param kafka the user's properties
 * @param group the consumer group of the workers
 */
public record QueueAccess(Admin admin, Map<String, Object> kafka, Topics topics, String group) {
    public QueueAccess {
        kafka = Map.copyOf(kafka);
    }
}
