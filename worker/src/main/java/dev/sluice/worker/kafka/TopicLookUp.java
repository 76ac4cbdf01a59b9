package dev.sluice.worker.kafka;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeConfigsOptions;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
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
     * @param unwritable the partitions that nobody can write to at present, since they have no leader or fewer replicas
     *     in sync than the topic demands
     */
    public record Partitions(int count, Set<Integer> unwritable) {
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
                .thenCompose(this::partitions)
                .exceptionally(TopicLookUp::noneIfUnusable)
                .toCompletableFuture();
    }

    private CompletionStage<Partitions> partitions(TopicDescription description) {
        boolean complete = description.partitions().stream()
                .allMatch(partition ->
                        partition.isr().size() == partition.replicas().size());
        CompletionStage<Integer> fewest =
                complete ? CompletableFuture.completedFuture(0) : fewestInSync(description.name());
        return fewest.thenApply(
                count -> new Partitions(description.partitions().size(), unwritable(description, count)));
    }

    private static Set<Integer> unwritable(TopicDescription description, int fewestInSync) {
        return description.partitions().stream()
                .filter(partition -> partition.leader() == null
                        || partition.leader().isEmpty()
                        || partition.isr().size()
                                < Math.min(fewestInSync, partition.replicas().size()))
                .map(TopicPartitionInfo::partition)
                .collect(Collectors.toUnmodifiableSet());
    }

    /** Looks up how many replicas must be in sync for a write; 0 if this user may not see it. */
    private CompletionStage<Integer> fewestInSync(String topic) {
        ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
        DescribeConfigsOptions options = new DescribeConfigsOptions().timeoutMs(AdminTimeouts.BACKGROUND_MILLIS);
        return admin.describeConfigs(List.of(resource), options)
                .values()
                .get(resource)
                .toCompletionStage()
                .thenApply(config -> Integer.parseInt(
                        config.get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG).value()))
                .exceptionally(failure -> {
                    if (unwrapped(failure) instanceof AuthorizationException) {
                        return 0;
                    }
                    throw new CompletionException(unwrapped(failure));
                });
    }

    private static Partitions noneIfUnusable(Throwable failure) {
        Throwable cause = unwrapped(failure);
        if (cause instanceof UnknownTopicOrPartitionException
                || cause instanceof InvalidTopicException
                || cause instanceof AuthorizationException) {
            return Partitions.NONE;
        }
        throw new CompletionException(cause);
    }

    private static Throwable unwrapped(Throwable failure) {
        return failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
    }
}
