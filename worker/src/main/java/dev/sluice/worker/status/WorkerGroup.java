package dev.sluice.worker.status;

import dev.sluice.worker.kafka.AdminResults;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.DescribeConsumerGroupsOptions;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.admin.MemberDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.GroupIdNotFoundException;

/** The consumer group of a queue's workers, as Kafka knows it. */
final class WorkerGroup {
    private final Admin admin;
    private final String name;
    private final String requests;
    private final String what;

    WorkerGroup(Admin admin, String name, String requests) {
        this.admin = admin;
        this.name = name;
        this.requests = requests;
        this.what = "consumer group '" + name + "'";
    }

    /**
     * Does not wait for a transaction that is under way: with {@code requireStable} Kafka would say nothing of its
     * partitions until it has ended. What is committed before it is true as well.
     *
     * @throws CommandException where Kafka does not tell
     */
    CommittedOffsets committed() throws InterruptedException {
        ListConsumerGroupOffsetsOptions options =
                new ListConsumerGroupOffsetsOptions().requireStable(false).timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
        try {
            return new CommittedOffsets(admin.listConsumerGroupOffsets(name, options)
                    .partitionsToOffsetAndMetadata()
                    .get());
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GroupIdNotFoundException) {
                return new CommittedOffsets(Map.of());
            }
            throw AdminResults.unreadable("what " + what + " has committed", failed.getCause());
        }
    }

    /** @throws CommandException where Kafka does not tell */
    GroupStatus status() throws InterruptedException {
        DescribeConsumerGroupsOptions options =
                new DescribeConsumerGroupsOptions().timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
        KafkaFuture<ConsumerGroupDescription> description = admin.describeConsumerGroups(List.of(name), options)
                .describedGroups()
                .get(name);
        try {
            return status(description.get());
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof GroupIdNotFoundException) {
                return new GroupStatus(name, GroupStatus.NONE, List.of());
            }
            throw AdminResults.unreadable(what, failed.getCause());
        }
    }

    private GroupStatus status(ConsumerGroupDescription description) {
        List<GroupStatus.Member> members = description.members().stream()
                .map(this::member)
                .sorted(Comparator.comparing(GroupStatus.Member::client))
                .toList();
        return new GroupStatus(name, description.groupState().name().toLowerCase(Locale.ROOT), members);
    }

    private GroupStatus.Member member(MemberDescription member) {
        String host = member.host().startsWith("/") ? member.host().substring(1) : member.host();
        return new GroupStatus.Member(
                member.clientId(),
                host,
                member.assignment().topicPartitions().stream()
                        .filter(partition -> partition.topic().equals(requests))
                        .map(TopicPartition::partition)
                        .collect(Collectors.toSet()));
    }
}
