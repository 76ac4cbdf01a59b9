package dev.sluice.worker.intake;

import dev.sluice.wire.Topics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerGroupMetadata;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Assignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupAssignment;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.GroupSubscription;
import org.apache.kafka.clients.consumer.ConsumerPartitionAssignor.Subscription;
import org.apache.kafka.common.Cluster;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Measures the assignor after a member has gone: the one member that computes it keeps the whole group waiting. The
 * others own their bundles and keep them.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class BundleAssignorBenchmark {
    private static final Topics TOPICS = new Topics("chat");
    private static final Node NODE = new Node(0, "localhost", 9092);

    @Param({"96", "1000"})
    public int partitions;

    @Param({"8", "100"})
    public int members;

    private Cluster cluster;
    private GroupSubscription afterOneHasGone;

    @Setup
    public void assign() {
        List<PartitionInfo> infos = new ArrayList<>();
        for (String topic : TOPICS.inputs()) {
            for (int i = 0; i < partitions * TOPICS.partitionsPerBundle(topic); i++) {
                infos.add(new PartitionInfo(topic, i, NODE, new Node[] {NODE}, new Node[] {NODE}));
            }
        }
        cluster = new Cluster("cluster", List.of(NODE), infos, Set.of(), Set.of());
        Map<String, BundleAssignor> assignors = new LinkedHashMap<>();
        for (int i = 0; i < members; i++) {
            assignors.put("member-" + i, new BundleAssignor());
        }
        Map<String, List<TopicPartition>> owned = new HashMap<>();
        GroupAssignment first = new BundleAssignor().assign(cluster, subscriptions(assignors, owned));
        assignors.forEach((name, assignor) -> {
            Assignment mine = first.groupAssignment().get(name);
            owned.put(name, mine.partitions());
            assignor.onAssignment(mine, new ConsumerGroupMetadata("group", 1, name, Optional.empty()));
        });
        assignors.remove("member-0");
        afterOneHasGone = subscriptions(assignors, owned);
    }

    private GroupSubscription subscriptions(
            Map<String, BundleAssignor> assignors, Map<String, List<TopicPartition>> owned) {
        Map<String, Subscription> subscriptions = new HashMap<>();
        assignors.forEach((name, assignor) -> subscriptions.put(
                name,
                new Subscription(
                        TOPICS.inputs(),
                        assignor.subscriptionUserData(Set.copyOf(TOPICS.inputs())),
                        owned.getOrDefault(name, List.of()),
                        owned.isEmpty() ? -1 : 1,
                        Optional.empty())));
        return new GroupSubscription(subscriptions);
    }

    @Benchmark
    public GroupAssignment assignAnew() {
        return new BundleAssignor().assign(cluster, afterOneHasGone);
    }
}
