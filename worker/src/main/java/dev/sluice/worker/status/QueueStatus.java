package dev.sluice.worker.status;

import java.time.Instant;
import java.util.List;

/**
 * The status of a queue at one moment, as far as Kafka knows it. Immutable.
 *
 * @param queue the base name of the queue's topics
 * @param width the number of bundles that workers share. Every input topic has at least so many partitions.
 * @param inputs the backlog of each input topic, in the order of the topics
 * @param dead the dead letters
 * @param problems one sentence for each thing that is wrong
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
