package dev.sluice.worker.kafka;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Function;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Looks up the number of partitions of a topic. The number is 0 if the topic does not exist or this user may not see
 * it. Thread-safe; does not block.
 */
public final class PartitionCounts implements Function<String, CompletableFuture<Integer>> {
    private final Admin admin;

    public PartitionCounts(Admin admin) {
        this.admin = admin;
    }

    /** Returns a future that fails if the broker does not answer within {@link AdminTimeouts#BACKGROUND_MILLIS}. */
    @Override
    public CompletableFuture<Integer> apply(String topic) {
        DescribeTopicsOptions options = new DescribeTopicsOptions().timeoutMs(AdminTimeouts.BACKGROUND_MILLIS);
        return admin.describeTopics(List.of(topic), options)
                .topicNameValues()
                .get(topic)
                .toCompletionStage()
                .thenApply(description -> description.partitions().size())
                .exceptionally(PartitionCounts::zeroIfUnusable)
                .toCompletableFuture();
    }

    private static int zeroIfUnusable(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof UnknownTopicOrPartitionException
                || cause instanceof InvalidTopicException
                || cause instanceof AuthorizationException) {
            return 0;
        }
        throw new CompletionException(cause);
    }
}
