package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import dev.sluice.worker.topics.TopicCheck;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Assigns whole bundles: all partitions of the input topics that belong to bundle <i>i</i>, as {@link Topics} defines
 * it, always go to the same member.
 *
 * <p>It presents only the partitions of the requests topic to Kafka's {@link CooperativeStickyAssignor} and expands the
 * answer to bundles. Given all topics at once, that assignor balances the total number of partitions, which has left
 * members with no partition of the requests topic at all. A bundle of which one of the topics lacks a partition is not
 * whole and is assigned to nobody.
 *
 * <p>Members of two versions may share a group while workers are upgraded one by one. Each member gets the partitions
 * of the topics it has subscribed to and no others, whatever topics the assigning member knows: Kafka's consumer
 * rejoins at once if it is assigned a topic that it has not subscribed to, and the group would never be stable. So a
 * new input topic is read only in the bundles of new members. In a bundle that an old member owns, the new topic's
 * partition is unassigned until the bundle moves to a new member, at the latest when the last old member has left.
 *
 * <p>An assigning member that does not know the overflow topic takes partition <i>i</i> of it for one of bundle
 * <i>i</i>. Until another member assigns, new members may own overflow partitions of other bundles than their own, and
 * most belong to nobody.
 *
 * <p>Owned by the poll thread.
 */
public final class BundleAssignor implements ConsumerPartitionAssignor {
    private static final String REQUESTS = new Topics("x").requests().substring(1);

    private static final int NO_GENERATION = -1;

    private static final Logger log = LoggerFactory.getLogger(BundleAssignor.class);

    private final CooperativeStickyAssignor sticky = new CooperativeStickyAssignor();

    // what was last logged about the topics' partition counts, by the base of the queue
    private final Map<String, String> loggedProblems = new HashMap<>();

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
        List<TopicPartition> requests = assignment.partitions().stream()
                .filter(partition -> partition.topic().endsWith(REQUESTS))
                .toList();
        sticky.onAssignment(new Assignment(requests, assignment.userData()), metadata);
    }

    @Override
    public GroupAssignment assign(Cluster cluster, GroupSubscription group) {
        Map<String, Subscription> members = group.groupSubscription();
        Map<String, Integer> bundleCounts = bundleCounts(cluster, members.values());
        Map<String, Subscription> narrowed = new HashMap<>();
        members.forEach((member, subscription) -> narrowed.put(member, narrow(subscription, bundleCounts)));
        Map<String, Assignment> assigned = sticky.assign(
                        wholeBundles(cluster, bundleCounts), new GroupSubscription(narrowed))
                .groupAssignment();
        Map<TopicPartition, List<String>> claims = claims(members);
        Map<String, Assignment> expanded = new HashMap<>();
        assigned.forEach((member, assignment) -> {
            List<TopicPartition> partitions =
                    expand(assignment.partitions(), members.get(member).topics());
            expanded.put(member, new Assignment(withoutClaimed(member, partitions, claims), assignment.userData()));
        });
        return new GroupAssignment(expanded);
    }

    /** Returns the subscription with nothing but requests topics, and with whole bundles only as owned partitions. */
    private static Subscription narrow(Subscription subscription, Map<String, Integer> bundleCounts) {
        Set<String> requests = requestsTopics(subscription.topics());
        // The sticky assignor would leave a member what it owns beyond that, since no topic becomes narrower.
        List<TopicPartition> owned = subscription.ownedPartitions().stream()
                .filter(partition -> requests.contains(partition.topic())
                        && partition.partition() < bundleCounts.get(partition.topic()))
                .toList();
        Subscription narrowed = new Subscription(
                List.copyOf(requests),
                subscription.userData(),
                owned,
                subscription.generationId().orElse(NO_GENERATION),
                subscription.rackId());
        narrowed.setGroupInstanceId(subscription.groupInstanceId());
        return narrowed;
    }

    /** Returns the requests topics of a subscription: each comes with a retry topic. */
    private static Set<String> requestsTopics(Collection<String> subscribed) {
        Set<String> all = new HashSet<>(subscribed);
        return all.stream()
                .filter(topic -> topic.endsWith(REQUESTS) && topic.length() > REQUESTS.length())
                .filter(topic -> all.contains(queue(topic).retry()))
                .collect(Collectors.toSet());
    }

    private static Topics queue(String requestsTopic) {
        return new Topics(requestsTopic.substring(0, requestsTopic.length() - REQUESTS.length()));
    }

    /** Returns the topics of a subscription that form bundles with a requests topic, itself included. */
    private static List<String> bundleTopics(String requestsTopic, Collection<String> subscribed) {
        return subscribed.stream()
                .filter(topic -> topic.equals(requestsTopic) || topic.startsWith(requestsTopic + "."))
                .toList();
    }

    /** Returns the number of whole bundles by requests topic: every topic that a member reads has these partitions. */
    private Map<String, Integer> bundleCounts(Cluster cluster, Collection<Subscription> members) {
        Map<String, Set<String>> topics = new HashMap<>();
        for (Subscription member : members) {
            for (String requests : requestsTopics(member.topics())) {
                topics.computeIfAbsent(requests, absent -> new TreeSet<>())
                        .addAll(bundleTopics(requests, member.topics()));
            }
        }
        Map<String, Integer> bundleCounts = new HashMap<>();
        topics.forEach((requests, read) -> {
            Topics queue = queue(requests);
            Map<String, Integer> partitions = partitionCounts(queue, read, cluster);
            bundleCounts.put(requests, queue.bundleCount(partitions));
            logIfChanged(queue, partitions);
        });
        return bundleCounts;
    }

    private static Cluster wholeBundles(Cluster cluster, Map<String, Integer> bundleCounts) {
        List<PartitionInfo> infos = new ArrayList<>();
        bundleCounts.forEach((requests, count) -> cluster.partitionsForTopic(requests).stream()
                .filter(info -> info.partition() < count)
                .forEach(infos::add));
        return new Cluster(cluster.clusterResource().clusterId(), cluster.nodes(), infos, Set.of(), Set.of());
    }

    /** Returns the number of partitions by topic, in the order of the queue's inputs and then of the other names. */
    private static Map<String, Integer> partitionCounts(Topics queue, Set<String> topics, Cluster cluster) {
        Set<String> ordered = new LinkedHashSet<>(queue.inputs());
        ordered.retainAll(topics);
        ordered.addAll(topics);
        Map<String, Integer> counts = new LinkedHashMap<>();
        ordered.forEach(
                topic -> counts.put(topic, Objects.requireNonNullElse(cluster.partitionCountForTopic(topic), 0)));
        return counts;
    }

    // only the assigning member gets here, and it rebalances when any of these topics has more partitions
    private void logIfChanged(Topics queue, Map<String, Integer> partitionCounts) {
        String problem = TopicCheck.unequal(queue, partitionCounts).orElse("");
        String before = loggedProblems.put(queue.base(), problem);
        if (problem.equals(Objects.requireNonNullElse(before, ""))) {
            return;
        }
        if (problem.isEmpty()) {
            log.atInfo().addKeyValue("queue", queue.base()).log("The input topics are equally wide again");
        } else {
            log.atWarn()
                    .addKeyValue("problem", problem)
                    .log("Requests wait in partitions that not every input topic has, and nobody reads them");
        }
    }

    /** Returns the bundles of these partitions, as far as the member has subscribed to their topics. */
    private static List<TopicPartition> expand(List<TopicPartition> requests, List<String> subscribed) {
        return requests.stream()
                .flatMap(partition -> bundleTopics(partition.topic(), subscribed).stream()
                        .flatMap(topic -> queue(partition.topic()).partitionsOf(topic, partition.partition()).stream()))
                .toList();
    }

    /** Returns the members that claim to own each partition. Of several, one has missed that it lost the partition. */
    private static Map<TopicPartition, List<String>> claims(Map<String, Subscription> members) {
        Map<TopicPartition, List<String>> claims = new HashMap<>();
        members.forEach((member, subscription) -> subscription
                .ownedPartitions()
                .forEach(partition -> claims.computeIfAbsent(partition, absent -> new ArrayList<>(1))
                        .add(member)));
        return claims;
    }

    /**
     * Returns the partitions that no other member still claims to own. The cooperative protocol moves a partition in
     * two steps, and Kafka fails the whole rebalance if one step both revokes and assigns it. The claiming member gives
     * the partition up, because it is not assigned to it, and that starts the next rebalance.
     */
    private static List<TopicPartition> withoutClaimed(
            String member, List<TopicPartition> partitions, Map<TopicPartition, List<String>> claims) {
        return partitions.stream()
                .filter(partition -> {
                    List<String> claiming = claims.getOrDefault(partition, List.of());
                    return claiming.isEmpty() || claiming.contains(member);
                })
                .toList();
    }
}
