package dev.sluice.worker.status;

import dev.sluice.wire.Topics;
import dev.sluice.worker.kafka.AdminResults;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.text.CommandException;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
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

/** Reads the consumer group of a queue's workers. */
final class WorkerGroup {
    private final Admin admin;
    private final String name;
    private final Topics topics;
    private final String what;

    WorkerGroup(Admin admin, String name, Topics topics) {
        this.admin = admin;
        this.name = name;
        this.topics = topics;
        this.what = "consumer group '" + name + "'";
    }

    /**
     * Reads the committed offsets without waiting for open transactions. With {@code requireStable} Kafka would not
     * answer for their partitions until they end. The offsets that were committed before are right as well.
     *
     * @throws CommandException if Kafka does not answer or rejects the request
     */
    CommittedOffsets committed() throws InterruptedException {
        ListConsumerGroupOffsetsOptions options =
                new ListConsumerGroupOffsetsOptions().requireStable(false).timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
        try {
            return new CommittedOffsets(admin.listConsumerGroupOffsets(name, options)
                    .partitionsToOffsetAndMetadata()
                    .get());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return new CommittedOffsets(Map.of());
            }
            throw AdminResults.unreadable("what " + what + " has committed", e.getCause());
        }
    }

    /**
     * Reads the state and the members.
     *
     * @throws CommandException if Kafka does not answer or rejects the request
     */
    GroupStatus status() throws InterruptedException {
        DescribeConsumerGroupsOptions options =
                new DescribeConsumerGroupsOptions().timeoutMs(AdminTimeouts.FOREGROUND_MILLIS);
        KafkaFuture<ConsumerGroupDescription> description = admin.describeConsumerGroups(List.of(name), options)
                .describedGroups()
                .get(name);
        try {
            return status(description.get());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof GroupIdNotFoundException) {
                return new GroupStatus(name, GroupStatus.NONE, List.of());
            }
            throw AdminResults.unreadable(what, e.getCause());
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
        Set<TopicPartition> owned = member.assignment().topicPartitions();
        Set<Integer> bundles = owned.stream()
                .filter(partition -> partition.topic().equals(topics.requests()))
                .map(TopicPartition::partition)
                .collect(Collectors.toSet());
        Set<String> read = owned.stream().map(TopicPartition::topic).collect(Collectors.toSet());
        List<String> unread = topics.inputs().stream()
                .filter(topic -> !bundles.isEmpty() && !read.contains(topic))
                .toList();
        return new GroupStatus.Member(member.clientId(), host, bundles, unread);
    }
}
