package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BundleAssignorTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final Node NODE = new Node(0, "localhost", 9092);

    /** A member as the group's leader sees it over several rounds: its own assignor, and what it owns. */
    private static final class Member {
        final BundleAssignor assignor = new BundleAssignor();
        List<TopicPartition> owned = List.of();
        int generation = -1;

        Subscription subscription(Topics topics) {
            Set<String> inputs = Set.copyOf(topics.inputs());
            return new Subscription(
                    topics.inputs(), assignor.subscriptionUserData(inputs), owned, generation, Optional.empty());
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void keepsBundlesWholeAndBalancedWhileMembersComeAndGo(long seed) {
        Random random = new Random(seed);
        Cluster cluster = cluster(Map.of(TOPICS, 12));
        Map<String, Member> members = new TreeMap<>();
        int generation = 0;
        for (int step = 0; step < 40; step++) {
            if (members.isEmpty() || (members.size() < 6 && random.nextBoolean())) {
                members.put("member-" + step, new Member());
            } else {
                members.remove(List.copyOf(members.keySet()).get(random.nextInt(members.size())));
            }
            for (int round = 0; round < 3 && !members.isEmpty(); round++) {
                assignOnce(cluster, members, ++generation, seed);
            }
            requireBalanced(members, seed);
        }
    }

    @Test
    void givesEachQueueItsOwnBundles() {
        Topics other = new Topics("bulk");
        Map<String, Member> members = new TreeMap<>(Map.of("a", new Member(), "b", new Member()));
        Map<String, Subscription> group = new HashMap<>();
        group.put("a", members.get("a").subscription(TOPICS));
        group.put("b", members.get("b").subscription(other));

        Map<String, Assignment> assigned = new BundleAssignor()
                .assign(cluster(Map.of(TOPICS, 3, other, 2)), new GroupSubscription(group))
                .groupAssignment();

        assertThat(assigned.get("a").partitions()).hasSize(3 * TOPICS.inputs().size());
        assertThat(assigned.get("b").partitions()).hasSize(2 * other.inputs().size());
    }

    @Test
    void expandsOnlyToPartitionsThatExist() {
        List<PartitionInfo> infos = new ArrayList<>();
        infos.add(new PartitionInfo(TOPICS.requests(), 0, NODE, new Node[] {NODE}, new Node[] {NODE}));
        infos.add(new PartitionInfo(TOPICS.requests(), 1, NODE, new Node[] {NODE}, new Node[] {NODE}));
        infos.add(new PartitionInfo(TOPICS.retry(), 0, NODE, new Node[] {NODE}, new Node[] {NODE}));
        Cluster cluster = new Cluster("c", List.of(NODE), infos, Set.of(), Set.of());

        Map<String, Assignment> assigned = new BundleAssignor()
                .assign(cluster, new GroupSubscription(Map.of("a", new Member().subscription(TOPICS))))
                .groupAssignment();

        assertThat(assigned.get("a").partitions())
                .containsExactlyInAnyOrder(
                        new TopicPartition(TOPICS.requests(), 0),
                        new TopicPartition(TOPICS.requests(), 1),
                        new TopicPartition(TOPICS.retry(), 0));
    }

    /** One rebalance: every member gives up what it is not assigned, and takes what it is. */
    @SuppressWarnings("removal") // a test has no consumer to ask for its metadata
    private static void assignOnce(Cluster cluster, Map<String, Member> members, int generation, long seed) {
        Map<String, Subscription> group = new HashMap<>();
        members.forEach((name, member) -> group.put(name, member.subscription(TOPICS)));
        Map<String, Assignment> assigned = new BundleAssignor()
                .assign(cluster, new GroupSubscription(group))
                .groupAssignment();
        requireTwoSteps(members, assigned, seed);
        members.forEach((name, member) -> {
            Assignment own = assigned.get(name);
            member.assignor.onAssignment(own, new ConsumerGroupMetadata("g", generation, name, Optional.empty()));
            member.owned = own.partitions();
            member.generation = generation;
        });
    }

    /** What Kafka checks of a cooperative assignor: no partition is taken from one and given to another at once. */
    private static void requireTwoSteps(Map<String, Member> members, Map<String, Assignment> assigned, long seed) {
        Set<TopicPartition> added = new HashSet<>();
        Set<TopicPartition> revoked = new HashSet<>();
        Set<TopicPartition> seen = new HashSet<>();
        members.forEach((name, member) -> {
            Set<TopicPartition> now = new HashSet<>(assigned.get(name).partitions());
            now.forEach(partition -> assertThat(seen.add(partition))
                    .as("%s has one owner, seed %s", partition, seed)
                    .isTrue());
            now.stream().filter(partition -> !member.owned.contains(partition)).forEach(added::add);
            member.owned.stream().filter(partition -> !now.contains(partition)).forEach(revoked::add);
        });
        added.retainAll(revoked);
        assertThat(added).as("taken and given at once, seed %s", seed).isEmpty();
    }

    private static void requireBalanced(Map<String, Member> members, long seed) {
        List<Long> counts =
                members.values().stream().map(BundleAssignorTest::bundles).toList();
        if (!counts.isEmpty()) {
            assertThat(counts.stream().mapToLong(Long::longValue).sum())
                    .as("seed %s", seed)
                    .isEqualTo(12);
            long most = counts.stream().mapToLong(Long::longValue).max().orElseThrow();
            long fewest = counts.stream().mapToLong(Long::longValue).min().orElseThrow();
            assertThat(most - fewest).as("seed %s: %s", seed, counts).isLessThanOrEqualTo(1);
        }
    }

    /** The number of a member's bundles, all of which must be whole. */
    private static long bundles(Member member) {
        Map<Integer, Long> parts = new HashMap<>();
        member.owned.forEach(partition -> parts.merge(partition.partition(), 1L, Long::sum));
        assertThat(parts.values()).allMatch(count -> count == TOPICS.inputs().size());
        return parts.size();
    }

    private static Cluster cluster(Map<Topics, Integer> widths) {
        List<PartitionInfo> infos = new ArrayList<>();
        widths.forEach((topics, width) -> topics.inputs().forEach(topic -> {
            for (int i = 0; i < width; i++) {
                infos.add(new PartitionInfo(topic, i, NODE, new Node[] {NODE}, new Node[] {NODE}));
            }
        }));
        return new Cluster("cluster", List.of(NODE), infos, Set.of(), Set.of());
    }
}
