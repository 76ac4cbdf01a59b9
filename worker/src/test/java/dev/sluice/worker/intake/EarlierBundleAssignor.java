package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Assigns like a release that does not know the overflow topic. To such a release it is one more topic with one
 * partition in each bundle, as a delay tier of a later release would be.
 */
public final class EarlierBundleAssignor implements ConsumerPartitionAssignor {
    private static final String OVERFLOW = new Topics("x").overflow().substring(1);
    private static final String UNKNOWN = OVERFLOW + "-unknown";

    private final BundleAssignor assignor = new BundleAssignor();

    @Override
    public String name() {
        return assignor.name();
    }

    @Override
    public short version() {
        return assignor.version();
    }

    @Override
    public List<RebalanceProtocol> supportedProtocols() {
        return assignor.supportedProtocols();
    }

    @Override
    public @Nullable ByteBuffer subscriptionUserData(Set<String> topics) {
        return assignor.subscriptionUserData(topics);
    }

    @Override
    public void onAssignment(Assignment assignment, ConsumerGroupMetadata metadata) {
        assignor.onAssignment(assignment, metadata);
    }

    @Override
    public GroupAssignment assign(Cluster cluster, GroupSubscription group) {
        Map<String, Subscription> members = new HashMap<>();
        group.groupSubscription().forEach((name, member) -> members.put(name, renamed(member)));
        Map<String, Assignment> assigned = assignor.assign(renamed(cluster), new GroupSubscription(members))
                .groupAssignment();
        Map<String, Assignment> answer = new HashMap<>();
        assigned.forEach((name, own) -> answer.put(
                name, new Assignment(renamed(own.partitions(), EarlierBundleAssignor::toOverflow), own.userData())));
        return new GroupAssignment(answer);
    }

    private static Subscription renamed(Subscription member) {
        Subscription renamed = new Subscription(
                member.topics().stream().map(EarlierBundleAssignor::toUnknown).toList(),
                member.userData(),
                renamed(member.ownedPartitions(), EarlierBundleAssignor::toUnknown),
                member.generationId().orElse(-1),
                member.rackId());
        renamed.setGroupInstanceId(member.groupInstanceId());
        return renamed;
    }

    private static Cluster renamed(Cluster cluster) {
        List<PartitionInfo> infos = new ArrayList<>();
        for (String topic : cluster.topics()) {
            cluster.partitionsForTopic(topic)
                    .forEach(info -> infos.add(new PartitionInfo(
                            toUnknown(topic),
                            info.partition(),
                            info.leader(),
                            info.replicas(),
                            info.inSyncReplicas())));
        }
        return new Cluster(cluster.clusterResource().clusterId(), cluster.nodes(), infos, Set.of(), Set.of());
    }

    private static List<TopicPartition> renamed(Collection<TopicPartition> partitions, UnaryOperator<String> names) {
        return partitions.stream()
                .map(partition -> new TopicPartition(names.apply(partition.topic()), partition.partition()))
                .toList();
    }

    private static String toUnknown(String topic) {
        return topic.endsWith(OVERFLOW) ? topic.replace(OVERFLOW, UNKNOWN) : topic;
    }

    private static String toOverflow(String topic) {
        return topic.replace(UNKNOWN, OVERFLOW);
    }
}
