package dev.sluice.worker.status;

import java.time.Instant;
import java.util.List;

/**
 * The status of a queue at one moment, as far as Kafka knows it. Immutable.
 *
 * @param queue the base name of the queue's topics
 * @param width the number of bundles that workers share. Every input topic has the partitions of so many at least.
 * @param inputs the backlog of each input topic, in the order of the topics
 * @param overflowDrained true if all partitions of the overflow topic have answered and nothing waits there, so that
 *     workers of a release that does not read it lose sight of no request
 * @param dead the dead letters
 * @param problems one sentence for each thing that is wrong
 */
public record QueueStatus(
        String queue,
        Instant at,
        int width,
        GroupStatus group,
        List<TopicBacklog> inputs,
        boolean overflowDrained,
        TopicBacklog dead,
        List<String> problems) {
    public QueueStatus {
        inputs = List.copyOf(inputs);
        problems = List.copyOf(problems);
    }
}
