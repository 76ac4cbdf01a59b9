package dev.sluice.sandbox;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Creates topics that can be written to at once. Kafka says that a topic is created before each partition has a leader
 * that clients are told of. A producer that is told of none at first may keep its first records until their delivery
 * times out, two minutes later by default. The class is thread-safe.
 */
public final class SandboxTopics {
    private static final Duration MAX_WAIT = Duration.ofSeconds(60);
    private static final long POLL_MILLIS = 50;

    private SandboxTopics() {}

    /**
     * Creates topics and returns when each of their partitions has a leader.
     *
     * @throws ExecutionException if Kafka does not create or describe one of them
     * @throws IllegalStateException if a partition has no leader after a minute
     */
    public static void create(Admin admin, Collection<NewTopic> topics)
            throws ExecutionException, InterruptedException {
        admin.createTopics(topics).all().get();
        List<String> names = topics.stream().map(NewTopic::name).toList();
        long deadline = System.nanoTime() + MAX_WAIT.toNanos();
        while (!haveLeaders(admin, names)) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("not every partition of " + names + " has a leader after " + MAX_WAIT);
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    private static boolean haveLeaders(Admin admin, List<String> names)
            throws ExecutionException, InterruptedException {
        try {
            return admin.describeTopics(names).allTopicNames().get().values().stream()
                    .flatMap(topic -> topic.partitions().stream())
                    .allMatch(partition ->
                            partition.leader() != null && !partition.leader().isEmpty());
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof UnknownTopicOrPartitionException) {
                return false; // the broker that was asked has not heard of it yet
            }
            throw failed;
        }
    }
}
