package dev.sluice.trials;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** Reads the offsets and the members of the workers' group. Thread-safe. */
public final class GroupOffsets implements AutoCloseable {
    private static final long SECONDS = 20;

    private final Admin admin;

    public GroupOffsets(String bootstrapServers) {
        this.admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                AdminClientConfig.CLIENT_ID_CONFIG,
                "trials-offsets"));
    }

    /** Returns the present end of every partition of these topics. */
    public Map<TopicPartition, Long> ends(Collection<String> topics) throws InterruptedException {
        return offsets(topics, OffsetSpec.latest());
    }

    /** Returns the offset of the first record that is left in every partition of these topics. */
    public Map<TopicPartition, Long> begins(Collection<String> topics) throws InterruptedException {
        return offsets(topics, OffsetSpec.earliest());
    }

    private Map<TopicPartition, Long> offsets(Collection<String> topics, OffsetSpec spec) throws InterruptedException {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        result(admin.describeTopics(topics).allTopicNames())
                .values()
                .forEach(topic -> topic.partitions()
                        .forEach(
                                partition -> asked.put(new TopicPartition(topic.name(), partition.partition()), spec)));
        Map<TopicPartition, Long> offsets = new HashMap<>();
        result(admin.listOffsets(asked).all()).forEach((partition, found) -> offsets.put(partition, found.offset()));
        return offsets;
    }

    /**
     * Returns how many records before these ends are not committed yet. Partitions without such records are left out.
     */
    public Map<TopicPartition, Long> uncommitted(Map<TopicPartition, Long> ends) throws InterruptedException {
        Map<TopicPartition, OffsetAndMetadata> committed =
                result(admin.listConsumerGroupOffsets(SluiceJar.GROUP).partitionsToOffsetAndMetadata());
        Map<TopicPartition, Long> uncommitted = new HashMap<>();
        ends.forEach((partition, end) -> {
            OffsetAndMetadata offset = committed.get(partition);
            long left = end - (offset == null ? 0 : offset.offset());
            if (left > 0) {
                uncommitted.put(partition, left);
            }
        });
        return uncommitted;
    }

    /** Tells whether the group is stable, has that many members, and each of them has partitions. */
    public boolean isSharedBy(int members) throws InterruptedException {
        try {
            ConsumerGroupDescription group = admin.describeConsumerGroups(List.of(SluiceJar.GROUP))
                    .describedGroups()
                    .get(SluiceJar.GROUP)
                    .get(SECONDS, TimeUnit.SECONDS);
            return group.groupState() == GroupState.STABLE
                    && group.members().size() == members
                    && group.members().stream()
                            .noneMatch(member ->
                                    member.assignment().topicPartitions().isEmpty());
        } catch (ExecutionException | TimeoutException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return false;
            }
            throw new IllegalStateException("the group cannot be described", e);
        }
    }

    private static <T> T result(KafkaFuture<T> future) throws InterruptedException {
        try {
            return future.get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("offsets cannot be read", e);
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }
}
