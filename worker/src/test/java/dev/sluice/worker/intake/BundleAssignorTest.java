package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics;
import dev.sluice.worker.LogLines;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class BundleAssignorTest {
    private static final Topics TOPICS = new Topics("chat");
    private static final Node NODE = new Node(0, "localhost", 9092);

    /** A member of the group over several rounds, with its assignor and the partitions that it owns. */
    private static final class Member {
        final ConsumerPartitionAssignor assignor;
        final List<String> topics;
        List<TopicPartition> owned = List.of();
        int generation = -1;

        Member() {
            this(TOPICS.inputs());
        }

        Member(List<String> topics) {
            this.topics = topics;
            this.assignor = topics.contains(TOPICS.overflow()) ? new BundleAssignor() : new EarlierBundleAssignor();
        }

        /** Returns the number of partitions that the member owns of each bundle. */
        int partitionsPerBundle() {
            return topics.stream().mapToInt(TOPICS::partitionsPerBundle).sum();
        }

        Subscription subscription() {
            return new Subscription(
                    topics, assignor.subscriptionUserData(Set.copyOf(topics)), owned, generation, Optional.empty());
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
    void assignsEachQueueItsOwnBundles() {
        Topics other = new Topics("bulk");
        Map<String, Subscription> group = new HashMap<>();
        group.put("a", new Member().subscription());
        group.put("b", new Member(other.inputs()).subscription());

        Map<String, Integer> both = widths(3, 3);
        other.inputs().forEach(topic -> both.put(topic, 2 * other.partitionsPerBundle(topic)));
        Map<String, Assignment> assigned = new BundleAssignor()
                .assign(cluster(both), new GroupSubscription(group))
                .groupAssignment();

        assertThat(assigned.get("a").partitions()).hasSize(3 * 15);
        assertThat(assigned.get("b").partitions()).hasSize(2 * 15);
    }

    @Test
    void assignsBundlesWhenTheyHaveBecomeWhole() {
        Map<String, Member> members = new TreeMap<>(Map.of("a", new Member(), "b", new Member()));
        Cluster surplus = cluster(widths(8, 4));
        for (int generation = 1; generation < 4; generation++) {
            assignOnce(surplus, members, generation, 0);
        }

        assertThat(members.values()).extracting(BundleAssignorTest::bundles).containsExactly(2L, 2L);
        assertThat(members.values())
                .flatExtracting(member -> member.owned)
                .allSatisfy(partition -> assertThat(TOPICS.bundleOf(partition)).isLessThan(4));

        for (int generation = 4; generation < 7; generation++) {
            assignOnce(cluster(widths(8, 8)), members, generation, 0);
        }
        assertThat(members.values()).extracting(BundleAssignorTest::bundles).containsExactly(4L, 4L);
    }

    /** A bundle has eight partitions of overflow, and not one as of the other topics. */
    @ParameterizedTest
    @CsvSource({"95, 11", "12, 1", "7, 0", "100, 12"})
    void assignsTheBundlesOfWhichOverflowIsWhole(int overflow, int expected) {
        Map<String, Integer> widths = widths(12, 12);
        widths.put(TOPICS.overflow(), overflow);
        Map<String, Member> members = new TreeMap<>(Map.of("a", new Member()));

        assignOnce(cluster(widths), members, 1, 0);

        assertThat(bundles(members.get("a"))).isEqualTo(expected);
    }

    /** An earlier version has assigned it. */
    @Test
    void takesBackABundleThatIsNotWhole() {
        Member member = new Member();
        member.owned = List.of(new TopicPartition(TOPICS.requests(), 7));
        Map<String, Member> members = new TreeMap<>(Map.of("a", member));

        assignOnce(cluster(widths(8, 4)), members, 1, 0);

        assertThat(bundles(member)).isEqualTo(4);
    }

    @Test
    void assignsNothingIfATopicIsMissing() {
        Map<String, Integer> widths = widths(8, 8);
        widths.remove(TOPICS.retry());
        Map<String, Member> members = new TreeMap<>(Map.of("a", new Member()));

        assignOnce(cluster(widths), members, 1, 0);

        assertThat(members.get("a").owned).isEmpty();
    }

    @Test
    void logsOncePerChangeThatBundlesAreNotWhole() {
        BundleAssignor assignor = new BundleAssignor();
        GroupSubscription group = new GroupSubscription(Map.of("a", new Member().subscription()));

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
                    .contains("chat.requests 8, chat.requests.express 4, chat.requests.retry 4, ")
                    .contains("sluice topics create --partitions 8");
            assertThat(log.all().get(1)).contains("--partitions 9");
            assertThat(log.all().get(2)).startsWith("INFO ");
        }
    }

    @ParameterizedTest
    @MethodSource("newestTopicAndLeader")
    void givesEachMemberTheTopicsItHasSubscribedTo(String newest, String leader) {
        Cluster cluster = cluster(withNewest(newest));
        Map<String, Member> members = twoGenerations(newest);

        assignUntilStable(cluster, members, leader);

        members.values().forEach(BundleAssignorTest::requireOnlySubscribed);
        requireBalancedRequests(members, 0);
        assertThat(partitionsOf(newest, members))
                .as("the newest topic is read where a new member owns the bundle, and nowhere else")
                .containsExactlyInAnyOrderElementsOf(newestOf(newest, members.get("new"), leader));
    }

    @ParameterizedTest
    @MethodSource("newestTopicAndLeader")
    void givesOutTheNewestTopicWhenTheLastOldMemberHasLeft(String newest, String leader) {
        Cluster cluster = cluster(withNewest(newest));
        Map<String, Member> members = twoGenerations(newest);
        assignUntilStable(cluster, members, leader);
        Set<TopicPartition> before = Set.copyOf(members.get("new").owned);

        members.remove("old-1");
        members.remove("old-2");
        assignUntilStable(cluster, members, "new");

        assertThat(members.get("new").owned).containsAll(before);
        assertThat(bundles(members.get("new"))).isEqualTo(12);
        assertThat(partitionsOf(newest, members)).hasSize(12 * TOPICS.partitionsPerBundle(newest));
    }

    @ParameterizedTest
    @MethodSource("newestTopicAndLeader")
    void takesTheNewestTopicBackWhenOldMembersTakeOver(String newest, String leader) {
        Cluster cluster = cluster(withNewest(newest));
        Map<String, Member> members = twoGenerations(newest);
        Map<String, Member> old = new TreeMap<>(members);
        Member newMember = Objects.requireNonNull(old.remove("new"));
        members.keySet().retainAll(Set.of("new"));
        assignUntilStable(cluster, members, "new");
        assertThat(partitionsOf(newest, members)).hasSize(12 * TOPICS.partitionsPerBundle(newest));

        members.putAll(old);
        assignUntilStable(cluster, members, leader);
        requireBalancedRequests(members, 0);
        assertThat(partitionsOf(newest, members))
                .containsExactlyInAnyOrderElementsOf(newestOf(newest, newMember, leader));
        members.remove("new");
        assignUntilStable(cluster, members, "old-1");

        assertThat(partitionsOf(newest, members)).isEmpty();
        assertThat(numbersOf(TOPICS.requests(), members.values())).hasSize(12);
        members.values().forEach(BundleAssignorTest::requireOnlySubscribed);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void becomesStableInEveryStepOfARollingUpgrade(long seed) {
        Random random = new Random(seed);
        String newest = TOPICS.requests() + ".delay-1d";
        Cluster cluster = cluster(withNewest(newest));
        Map<String, Member> members = new TreeMap<>();
        for (int i = 0; i < 5; i++) {
            members.put("old-" + i, new Member(TOPICS.inputs()));
        }
        assignUntilStable(cluster, members, "old-0");
        for (int i = 0; i < 5; i++) {
            members.put("new-" + i, new Member(newGeneration(newest)));
            assignUntilStable(cluster, members, anyOf(members, random));
            requireBalanced(members, seed);
            members.remove("old-" + i);
            assignUntilStable(cluster, members, anyOf(members, random));
            requireBalanced(members, seed);
            members.values().forEach(BundleAssignorTest::requireOnlySubscribed);
        }
        assertThat(partitionsOf(newest, members)).hasSize(12);
    }

    /** Members of both releases come and go in any order, and any of them may be the one that assigns. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void becomesStableWhileMembersWithAndWithoutOverflowComeAndGo(long seed) {
        Random random = new Random(seed);
        Cluster cluster = cluster(widths(12, 12));
        List<String> known = new ArrayList<>(TOPICS.inputs());
        known.remove(TOPICS.overflow());
        Map<String, Member> members = new TreeMap<>(Map.of("old", new Member(known)));
        for (int step = 0; step < 60; step++) {
            if (members.size() < 2 || (members.size() < 6 && random.nextBoolean())) {
                boolean old = random.nextBoolean();
                members.put((old ? "old-" : "new-") + step, old ? new Member(known) : new Member());
            } else {
                members.remove(anyOf(members, random));
            }
            String leader = anyOf(members, random);
            assignUntilStable(cluster, members, leader);
            requireBalancedRequests(members, seed);
            members.values().forEach(BundleAssignorTest::requireOnlySubscribed);
            if (leader.startsWith("new")) {
                requireBalanced(members, seed);
            }
        }
        members.keySet().removeIf(name -> name.startsWith("old"));
        members.put("new", new Member());
        assignUntilStable(cluster, members, "new");
        requireBalanced(members, seed);
        assertThat(partitionsOf(TOPICS.overflow(), members)).hasSize(96);
    }

    /**
     * The code knows all topics but the last. With that it stands for a leader that does not know the newest topic. A
     * leader that does not read overflow does not know it either.
     */
    static Stream<Arguments> newestTopicAndLeader() {
        return Stream.of(
                        TOPICS.express(),
                        TOPICS.overflow(),
                        TOPICS.delay(Topics.Tier.ONE_HOUR),
                        TOPICS.requests() + ".delay-1d")
                .flatMap(newest -> Stream.of("old-1", "new").map(leader -> Arguments.of(newest, leader)));
    }

    private static Map<String, Member> twoGenerations(String newest) {
        List<String> old = new ArrayList<>(TOPICS.inputs());
        old.remove(newest);
        return new TreeMap<>(
                Map.of("old-1", new Member(old), "old-2", new Member(old), "new", new Member(newGeneration(newest))));
    }

    private static List<String> newGeneration(String newest) {
        Set<String> topics = new LinkedHashSet<>(TOPICS.inputs());
        topics.add(newest);
        return List.copyOf(topics);
    }

    private static Map<String, Integer> withNewest(String newest) {
        Map<String, Integer> widths = widths(12, 12);
        widths.putIfAbsent(newest, 12);
        return widths;
    }

    private static String anyOf(Map<String, Member> members, Random random) {
        return List.copyOf(members.keySet()).get(random.nextInt(members.size()));
    }

    /** Runs two rebalances, which move partitions cooperatively, and asserts that a third one moves nothing. */
    private static void assignUntilStable(Cluster cluster, Map<String, Member> members, String leader) {
        ConsumerPartitionAssignor assignor = Objects.requireNonNull(members.get(leader)).assignor;
        int generation = members.values().stream()
                .mapToInt(member -> member.generation)
                .max()
                .orElse(0);
        assignOnce(assignor, cluster, members, generation + 1, 0);
        assignOnce(assignor, cluster, members, generation + 2, 0);
        Map<String, List<TopicPartition>> stable = owned(members);
        assignOnce(assignor, cluster, members, generation + 3, 0);
        assertThat(owned(members)).as("the group is stable").isEqualTo(stable);
    }

    private static Map<String, List<TopicPartition>> owned(Map<String, Member> members) {
        return members.entrySet().stream()
                .collect(Collectors.toMap(
                        Map.Entry::getKey,
                        each -> each.getValue().owned.stream()
                                .sorted(Comparator.comparing(TopicPartition::toString))
                                .toList()));
    }

    /** Asserts that nothing else is assigned, since Kafka's consumer would rejoin at once and without end. */
    private static void requireOnlySubscribed(Member member) {
        assertThat(member.owned)
                .isNotEmpty()
                .allSatisfy(partition -> assertThat(member.topics).contains(partition.topic()));
    }

    /** Returns the partitions of the newest topic that a member ought to own, by what the leader knows of bundles. */
    private static List<Integer> newestOf(String newest, Member member, String leader) {
        List<Integer> bundles = numbersOf(TOPICS.requests(), List.of(member));
        if (leader.startsWith("old")) {
            return bundles;
        }
        return bundles.stream()
                .flatMap(bundle -> TOPICS.partitionsOf(newest, bundle).stream())
                .map(TopicPartition::partition)
                .toList();
    }

    private static List<Integer> partitionsOf(String topic, Map<String, Member> members) {
        return numbersOf(topic, members.values());
    }

    private static List<Integer> numbersOf(String topic, Collection<Member> members) {
        return members.stream()
                .flatMap(member -> member.owned.stream())
                .filter(partition -> partition.topic().equals(topic))
                .map(TopicPartition::partition)
                .toList();
    }

    private static void assignOnce(Cluster cluster, Map<String, Member> members, int generation, long seed) {
        assignOnce(new BundleAssignor(), cluster, members, generation, seed);
    }

    /** Runs one rebalance. Every member gives up the partitions that it is not assigned and takes the others. */
    @SuppressWarnings("removal") // a test has no consumer to ask for its metadata
    private static void assignOnce(
            ConsumerPartitionAssignor leader, Cluster cluster, Map<String, Member> members, int generation, long seed) {
        Map<String, Subscription> group = new HashMap<>();
        members.forEach((name, member) -> group.put(name, member.subscription()));
        Map<String, Assignment> assigned =
                leader.assign(cluster, new GroupSubscription(group)).groupAssignment();
        requireTwoSteps(members, assigned, seed);
        members.forEach((name, member) -> {
            Assignment own = assigned.get(name);
            member.assignor.onAssignment(own, new ConsumerGroupMetadata("g", generation, name, Optional.empty()));
            member.owned = own.partitions();
            member.generation = generation;
        });
    }

    /** Asserts what Kafka checks too: no partition is revoked from one member and assigned to another in one step. */
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
        requireBalanced(members.values().stream().map(BundleAssignorTest::bundles), seed);
    }

    /** Asserts the same of the requests topic alone, since an earlier leader leaves overflow's bundles torn. */
    private static void requireBalancedRequests(Map<String, Member> members, long seed) {
        requireBalanced(
                members.values().stream().map(member ->
                        (long) numbersOf(TOPICS.requests(), List.of(member)).size()),
                seed);
    }

    private static void requireBalanced(Stream<Long> bundles, long seed) {
        List<Long> counts = bundles.toList();
        if (!counts.isEmpty()) {
            assertThat(counts.stream().mapToLong(Long::longValue).sum())
                    .as("seed %s", seed)
                    .isEqualTo(12);
            long most = counts.stream().mapToLong(Long::longValue).max().orElseThrow();
            long fewest = counts.stream().mapToLong(Long::longValue).min().orElseThrow();
            assertThat(most - fewest).as("seed %s: %s", seed, counts).isLessThanOrEqualTo(1);
        }
    }

    /** Returns the number of bundles of a member and asserts that all are whole. */
    private static long bundles(Member member) {
        Map<Integer, Long> parts = new HashMap<>();
        member.owned.forEach(partition -> parts.merge(TOPICS.bundleOf(partition), 1L, Long::sum));
        assertThat(parts.values()).allMatch(count -> count == member.partitionsPerBundle());
        return parts.size();
    }

    private static Map<String, Integer> widths(int requests, int others) {
        Map<String, Integer> widths = new HashMap<>();
        TOPICS.inputs().forEach(topic -> widths.put(topic, others * TOPICS.partitionsPerBundle(topic)));
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
