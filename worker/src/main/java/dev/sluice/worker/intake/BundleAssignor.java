package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import dev.sluice.worker.topics.TopicCheck;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
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
 * Assigns whole bundles: partition <i>i</i> of the requests topic, of the retry topic and of every delay tier always go
 * to the same member.
 *
 * <p>Only the partitions of the requests topic are presented to Kafka's {@link CooperativeStickyAssignor}; its answer is
 * expanded to the bundles. A partition that one of the topics has not got belongs to no bundle, and waits. Over all topics
 * at once that assignor balances the total number of partitions, which has left members with no partition of the requests
 * topic at all.
 */
public final class BundleAssignor implements ConsumerPartitionAssignor {
    private static final String REQUESTS = new Topics("x").requests().substring(1);

    private static final int NO_GENERATION = -1;

    private static final Logger log = LoggerFactory.getLogger(BundleAssignor.class);

    private final CooperativeStickyAssignor sticky = new CooperativeStickyAssignor();
    /** By the base of a queue's topics: what was said of their widths. */
    private final Map<String, String> said = new HashMap<>();

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
        Map<String, Integer> bundles = bundles(cluster, members.values());
        Map<String, Subscription> narrowed = new HashMap<>();
        members.forEach((member, subscription) -> narrowed.put(member, narrow(subscription, bundles)));
        Map<String, Assignment> assigned = sticky.assign(whole(cluster, bundles), new GroupSubscription(narrowed))
                .groupAssignment();
        Map<String, Assignment> expanded = new HashMap<>();
        assigned.forEach((member, assignment) -> expanded.put(
                member,
                new Assignment(
                        withoutClaimed(member, expand(assignment.partitions()), members), assignment.userData())));
        return new GroupAssignment(expanded);
    }

    /** The sticky assignor would leave a member what it owns, since a topic does not become narrower. */
    private static Subscription narrow(Subscription subscription, Map<String, Integer> bundles) {
        Set<String> leaders = leadersOf(subscription.topics());
        List<TopicPartition> owned = subscription.ownedPartitions().stream()
                .filter(partition ->
                        leaders.contains(partition.topic()) && partition.partition() < bundles.get(partition.topic()))
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

    /** By requests topic, how many bundles are whole: what is requeued there has a place to go. */
    private Map<String, Integer> bundles(Cluster cluster, Collection<Subscription> members) {
        Map<String, Integer> bundles = new HashMap<>();
        for (Subscription member : members) {
            for (String leader : leadersOf(member.topics())) {
                Map<String, Integer> widths = widths(queue(leader), cluster);
                if (bundles.put(leader, Collections.min(widths.values())) == null) {
                    say(queue(leader), widths);
                }
            }
        }
        return bundles;
    }

    private static Cluster whole(Cluster cluster, Map<String, Integer> bundles) {
        List<PartitionInfo> infos = new ArrayList<>();
        bundles.forEach((leader, width) -> cluster.partitionsForTopic(leader).stream()
                .filter(info -> info.partition() < width)
                .forEach(infos::add));
        return new Cluster(cluster.clusterResource().clusterId(), cluster.nodes(), infos, Set.of(), Set.of());
    }

    private static Map<String, Integer> widths(Topics queue, Cluster cluster) {
        Map<String, Integer> widths = new LinkedHashMap<>();
        queue.inputs().forEach(topic -> {
            Integer width = cluster.partitionCountForTopic(topic);
            widths.put(topic, width == null ? 0 : width);
        });
        return widths;
    }

    /** Only the member that assigns gets here; it rebalances when any of these topics has become wider. */
    private void say(Topics queue, Map<String, Integer> widths) {
        String problem = TopicCheck.unequal(queue, widths).orElse("");
        String before = said.put(queue.base(), problem);
        if (problem.equals(Objects.requireNonNullElse(before, ""))) {
            return;
        }
        if (problem.isEmpty()) {
            log.atInfo().addKeyValue("queue", queue.base()).log("the input topics are equally wide again");
        } else {
            log.atWarn()
                    .addKeyValue("problem", problem)
                    .log("requests wait in partitions that not every input topic has, and nobody reads them");
        }
    }

    private static List<TopicPartition> expand(List<TopicPartition> leaders) {
        return leaders.stream()
                .flatMap(leader -> queue(leader.topic()).inputs().stream()
                        .map(topic -> new TopicPartition(topic, leader.partition())))
                .toList();
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
