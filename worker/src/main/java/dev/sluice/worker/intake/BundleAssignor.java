package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Assigns whole bundles: partition <i>i</i> of the requests topic, of the retry topic and of every delay tier always go
 * to the same member.
 *
 * <p>Only the partitions of the requests topic are presented to Kafka's {@link CooperativeStickyAssignor}; its answer is
 * expanded to the bundles. Over all topics at once it balances the total number of partitions, which has left members
 * with no partition of the requests topic at all.
 */
public final class BundleAssignor implements ConsumerPartitionAssignor {
    private static final String REQUESTS = new Topics("x").requests().substring(1);

    private static final int NO_GENERATION = -1;

    private final CooperativeStickyAssignor sticky = new CooperativeStickyAssignor();

    @Override
    public String name() {
        return "sluice-bundle";
    }

    @Override
    public short version() {
        return sticky.version();
    }

    @Override
    public List<RebalanceProtocol> supportedProtocols() {
        return List.of(RebalanceProtocol.COOPERATIVE);
    }

    @Override
    public @Nullable ByteBuffer subscriptionUserData(Set<String> topics) {
        return sticky.subscriptionUserData(topics);
    }

    @Override
    public void onAssignment(Assignment assignment, ConsumerGroupMetadata metadata) {
        List<TopicPartition> leaders = assignment.partitions().stream()
                .filter(partition -> partition.topic().endsWith(REQUESTS))
                .toList();
        sticky.onAssignment(new Assignment(leaders, assignment.userData()), metadata);
    }

    @Override
    public GroupAssignment assign(Cluster cluster, GroupSubscription group) {
        Map<String, Subscription> members = group.groupSubscription();
        Map<String, Subscription> narrowed = new HashMap<>();
        members.forEach((member, subscription) -> narrowed.put(member, narrow(subscription)));
        Map<String, Assignment> assigned =
                sticky.assign(cluster, new GroupSubscription(narrowed)).groupAssignment();
        Map<String, Assignment> expanded = new HashMap<>();
        assigned.forEach((member, assignment) -> expanded.put(
                member,
                new Assignment(
                        withoutClaimed(member, expand(cluster, assignment.partitions()), members),
                        assignment.userData())));
        return new GroupAssignment(expanded);
    }

    private static Subscription narrow(Subscription subscription) {
        Set<String> leaders = leadersOf(subscription.topics());
        List<TopicPartition> owned = subscription.ownedPartitions().stream()
                .filter(partition -> leaders.contains(partition.topic()))
                .toList();
        Subscription narrowed = new Subscription(
                List.copyOf(leaders),
                subscription.userData(),
                owned,
                subscription.generationId().orElse(NO_GENERATION),
                subscription.rackId());
        narrowed.setGroupInstanceId(subscription.groupInstanceId());
        return narrowed;
    }

    /** The requests topics among {@code topics}: those that come with a retry topic. */
    private static Set<String> leadersOf(List<String> topics) {
        Set<String> all = new HashSet<>(topics);
        return all.stream()
                .filter(topic -> topic.endsWith(REQUESTS) && topic.length() > REQUESTS.length())
                .filter(topic -> all.contains(queue(topic).retry()))
                .collect(Collectors.toSet());
    }

    private static Topics queue(String requestsTopic) {
        return new Topics(requestsTopic.substring(0, requestsTopic.length() - REQUESTS.length()));
    }

    private static List<TopicPartition> expand(Cluster cluster, List<TopicPartition> leaders) {
        List<TopicPartition> bundles = new ArrayList<>();
        for (TopicPartition leader : leaders) {
            for (String topic : queue(leader.topic()).inputs()) {
                Integer width = cluster.partitionCountForTopic(topic);
                if (width != null && leader.partition() < width) {
                    bundles.add(new TopicPartition(topic, leader.partition()));
                }
            }
        }
        return bundles;
    }

    /**
     * Leaves out what another member still says it owns. The cooperative protocol moves a partition in two steps, and
     * Kafka fails the whole rebalance where one step both revokes and assigns it. That member gives it up because it is
     * not assigned to it, which starts the next rebalance.
     */
    private static List<TopicPartition> withoutClaimed(
            String member, List<TopicPartition> partitions, Map<String, Subscription> members) {
        Set<TopicPartition> claimed = new HashSet<>();
        members.forEach((other, subscription) -> {
            if (!other.equals(member)) {
                claimed.addAll(subscription.ownedPartitions());
            }
        });
        claimed.removeAll(members.get(member).ownedPartitions());
        return partitions.stream()
                .filter(partition -> !claimed.contains(partition))
                .toList();
    }
}
