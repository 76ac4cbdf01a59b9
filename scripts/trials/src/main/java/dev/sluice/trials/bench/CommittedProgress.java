package dev.sluice.trials.bench;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.GroupState;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** How far the workers have come in {@code requests}. */
final class CommittedProgress implements AutoCloseable {
    private static final long SECONDS = 20;

    private final Admin admin;

    CommittedProgress(String bootstrapServers) {
        this.admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
    }

    /** Where the partitions end now. */
    Map<TopicPartition, Long> ends(int partitions) throws InterruptedException {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        for (int partition = 0; partition < partitions; partition++) {
            asked.put(new TopicPartition(BenchRig.TOPICS.requests(), partition), OffsetSpec.latest());
        }
        try {
            Map<TopicPartition, Long> ends = new HashMap<>();
            admin.listOffsets(asked)
                    .all()
                    .get(SECONDS, TimeUnit.SECONDS)
                    .forEach((partition, end) -> ends.put(partition, end.offset()));
            return ends;
        } catch (ExecutionException | TimeoutException failure) {
            throw new IllegalStateException("the ends of the partitions can't be read", failure);
        }
    }

    /** How many records before these ends are not committed yet. */
    long left(Map<TopicPartition, Long> ends) throws InterruptedException {
        try {
            var committed = admin.listConsumerGroupOffsets(BenchRig.GROUP)
                    .partitionsToOffsetAndMetadata()
                    .get(SECONDS, TimeUnit.SECONDS);
            return ends.entrySet().stream()
                    .mapToLong(end -> {
                        var offset = committed.get(end.getKey());
                        return Math.max(0, end.getValue() - (offset == null ? 0 : offset.offset()));
                    })
                    .sum();
        } catch (ExecutionException | TimeoutException failure) {
            throw new IllegalStateException("the group's offsets can't be read", failure);
        }
    }

    /** Whether the group is that large, at rest, and each of its members has partitions. */
    boolean shared(int members) throws InterruptedException {
        try {
            var group = admin.describeConsumerGroups(List.of(BenchRig.GROUP))
                    .describedGroups()
                    .get(BenchRig.GROUP)
                    .get(SECONDS, TimeUnit.SECONDS);
            return group.groupState() == GroupState.STABLE
                    && group.members().size() == members
                    && group.members().stream()
                            .noneMatch(member ->
                                    member.assignment().topicPartitions().isEmpty());
        } catch (ExecutionException | TimeoutException failure) {
            if (failure.getCause() instanceof GroupIdNotFoundException) {
                return false;
            }
            throw new IllegalStateException("the group can't be described", failure);
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }
}
