package dev.sluice.trials.chaos;

import dev.sluice.wire.Topics;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/** What a group has not read of the input topics. */
final class GroupBacklog implements AutoCloseable {
    private static final long SECONDS = 20;
    private static final long PAUSE_MILLIS = 500;

    private final Admin admin;
    private final String group;
    private final Topics topics;

    GroupBacklog(String bootstrapServers, String group, Topics topics) {
        this.admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                AdminClientConfig.CLIENT_ID_CONFIG,
                "chaos-backlog"));
        this.group = group;
        this.topics = topics;
    }

    /** By {@code topic-partition}, how far what is committed is from the end; those that are at their end left out. */
    Map<String, Long> lag() throws InterruptedException {
        try {
            Map<TopicPartition, OffsetSpec> ends = new HashMap<>();
            admin.describeTopics(topics.inputs())
                    .allTopicNames()
                    .get(SECONDS, TimeUnit.SECONDS)
                    .values()
                    .forEach(topic -> topic.partitions()
                            .forEach(partition -> ends.put(
                                    new TopicPartition(topic.name(), partition.partition()), OffsetSpec.latest())));
            Map<TopicPartition, OffsetAndMetadata> committed = admin.listConsumerGroupOffsets(group)
                    .partitionsToOffsetAndMetadata()
                    .get(SECONDS, TimeUnit.SECONDS);
            Map<String, Long> lag = new HashMap<>();
            admin.listOffsets(ends).all().get(SECONDS, TimeUnit.SECONDS).forEach((partition, end) -> {
                OffsetAndMetadata offset = committed.get(partition);
                long left = end.offset() - (offset == null ? 0 : offset.offset());
                if (left != 0) {
                    lag.put(partition.toString(), left);
                }
            });
            return lag;
        } catch (ExecutionException | TimeoutException failure) {
            throw new IllegalStateException("the group's offsets can't be read", failure);
        }
    }

    /** Waits until nothing is left, but not longer than that. */
    void awaitEmpty(Duration bound) throws InterruptedException {
        long until = System.nanoTime() + bound.toNanos();
        while (!lag().isEmpty() && System.nanoTime() < until) {
            Thread.sleep(PAUSE_MILLIS);
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }
}
