package dev.sluice.worker.kafka;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Looks up the partitions of a topic in Kafka's metadata. Thread-safe; does not block. */
public final class TopicLookUp implements Function<String, CompletableFuture<TopicLookUp.Partitions>> {
    private final Admin admin;

    /**
     * The partitions of a topic.
     *
     * @param count their number, which is 0 if the topic does not exist or this user may not see it
     * @param leaderless the partitions that have no leader at present, so that nobody can write to them
     */
    public record Partitions(int count, Set<Integer> leaderless) {
        /** The partitions of a topic that does not exist. */
        public static final Partitions NONE = new Partitions(0, Set.of());
    }

    public TopicLookUp(Admin admin) {
        this.admin = admin;
    }

    /** Returns a future that fails if the broker does not answer within {@link AdminTimeouts#BACKGROUND_MILLIS}. */
    @Override
    public CompletableFuture<Partitions> apply(String topic) {
        DescribeTopicsOptions options = new DescribeTopicsOptions().timeoutMs(AdminTimeouts.BACKGROUND_MILLIS);
        return admin.describeTopics(List.of(topic), options)
                .topicNameValues()
                .get(topic)
                .toCompletionStage()
                .thenApply(TopicLookUp::partitions)
                .exceptionally(TopicLookUp::noneIfUnusable)
                .toCompletableFuture();
    }

    private static Partitions partitions(TopicDescription description) {
        Set<Integer> leaderless = description.partitions().stream()
                .filter(partition ->
                        partition.leader() == null || partition.leader().isEmpty())
                .map(TopicPartitionInfo::partition)
                .collect(Collectors.toUnmodifiableSet());
        return new Partitions(description.partitions().size(), leaderless);
    }

    private static Partitions noneIfUnusable(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof UnknownTopicOrPartitionException
                || cause instanceof InvalidTopicException
                || cause instanceof AuthorizationException) {
            return Partitions.NONE;
        }
        throw new CompletionException(cause);
    }
}
