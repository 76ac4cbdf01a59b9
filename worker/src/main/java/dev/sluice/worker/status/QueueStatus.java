package dev.sluice.worker.status;

import java.time.Instant;
import java.util.List;

/**
 * How a queue is at one moment, as far as Kafka knows. Immutable.
 *
 * @param queue base name of its topics
 * @param width the bundles that workers share: partitions that every topic has that they read
 * @param inputs what waits in each topic that workers read, in their order
 * @param dead the dead letters
 * @param problems what is not as it should be, one sentence each
 */
public record QueueStatus(
        String queue,
        Instant at,
        int width,
        GroupStatus group,
        List<TopicBacklog> inputs,
        TopicBacklog dead,
        List<String> problems) {
    public QueueStatus {
        inputs = List.copyOf(inputs);
        problems = List.copyOf(problems);
    }
}
