package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import dev.sluice.worker.LogLines;
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
        Cluster cluster = cluster(widths(12, 12));
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

        Map<String, Integer> both = widths(3, 3);
        other.inputs().forEach(topic -> both.put(topic, 2));
        Map<String, Assignment> assigned = new BundleAssignor()
                .assign(cluster(both), new GroupSubscription(group))
                .groupAssignment();

        assertThat(assigned.get("a").partitions()).hasSize(3 * TOPICS.inputs().size());
        assertThat(assigned.get("b").partitions()).hasSize(2 * other.inputs().size());
    }

    @Test
    void givesOutOnlyWholeBundlesAndTheOthersWhenTheyHaveBecomeWhole() {
        Map<String, Member> members = new TreeMap<>(Map.of("a", new Member(), "b", new Member()));
        Cluster surplus = cluster(widths(8, 4));
        for (int generation = 1; generation < 4; generation++) {
            assignOnce(surplus, members, generation, 0);
        }

        assertThat(members.values()).extracting(BundleAssignorTest::bundles).containsExactly(2L, 2L);
        assertThat(members.values())
                .flatExtracting(member -> member.owned)
                .allSatisfy(partition -> assertThat(partition.partition()).isLessThan(4));

        for (int generation = 4; generation < 7; generation++) {
            assignOnce(cluster(widths(8, 8)), members, generation, 0);
        }
        assertThat(members.values()).extracting(BundleAssignorTest::bundles).containsExactly(4L, 4L);
    }

    /** As an earlier version has given it out. */
    @Test
    void takesBackABundleThatIsNotWhole() {
        Member member = new Member();
        member.owned = List.of(new TopicPartition(TOPICS.requests(), 7));
        Map<String, Member> members = new TreeMap<>(Map.of("a", member));

        assignOnce(cluster(widths(8, 4)), members, 1, 0);

        assertThat(bundles(member)).isEqualTo(4);
    }

    @Test
    void withoutOneOfItsTopicsNoBundleIsWhole() {
        Map<String, Integer> widths = widths(8, 8);
        widths.remove(TOPICS.retry());
        Map<String, Member> members = new TreeMap<>(Map.of("a", new Member()));

        assignOnce(cluster(widths), members, 1, 0);

        assertThat(members.get("a").owned).isEmpty();
    }

    @Test
    void saysOncePerChangeThatBundlesAreNotWholeAndWhatToDo() {
        BundleAssignor assignor = new BundleAssignor();
        GroupSubscription group = new GroupSubscription(Map.of("a", new Member().subscription(TOPICS)));

        try (LogLines log = new LogLines(BundleAssignor.class)) {
            assignor.assign(cluster(widths(4, 4)), group);
            assignor.assign(cluster(widths(8, 4)), group);
            assignor.assign(cluster(widths(8, 4)), group);
            assignor.assign(cluster(widths(9, 4)), group);
            assignor.assign(cluster(widths(9, 9)), group);
            assignor.assign(cluster(widths(9, 9)), group);

            assertThat(log.all()).hasSize(3);
            assertThat(log.all().get(0))
                    .startsWith("WARN ")
                    .contains("chat.requests 8, chat.requests.retry 4, ")
                    .contains("sluice topics create --partitions 8");
            assertThat(log.all().get(1)).contains("--partitions 9");
            assertThat(log.all().get(2)).startsWith("INFO ");
        }
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

    private static Map<String, Integer> widths(int requests, int others) {
        Map<String, Integer> widths = new HashMap<>();
        TOPICS.inputs().forEach(topic -> widths.put(topic, others));
        widths.put(TOPICS.requests(), requests);
        return widths;
    }

    private static Cluster cluster(Map<String, Integer> widths) {
        List<PartitionInfo> infos = new ArrayList<>();
        widths.forEach((topic, width) -> {
            for (int i = 0; i < width; i++) {
                infos.add(new PartitionInfo(topic, i, NODE, new Node[] {NODE}, new Node[] {NODE}));
            }
        });
        return new Cluster("cluster", List.of(NODE), infos, Set.of(), Set.of());
    }
}
