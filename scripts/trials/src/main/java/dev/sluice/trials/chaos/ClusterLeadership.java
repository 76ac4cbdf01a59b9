package dev.sluice.trials.chaos;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.NewPartitionReassignment;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.ElectionType;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.ElectionNotNeededException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds out which broker leads what, and changes it. Thread-safe. */
final class ClusterLeadership implements AutoCloseable {
    /** The topic whose leader coordinates all transactions, since it has a single partition here. */
    static final String TRANSACTIONS = "__transaction_state";
    /** The topic whose leader coordinates all groups, since it has a single partition here. */
    static final String GROUPS = "__consumer_offsets";

    private static final Logger log = LoggerFactory.getLogger(ClusterLeadership.class);
    private static final int REQUEST_MILLIS = 5_000;
    private static final long SECONDS = 30;

    private final Admin admin;

    ClusterLeadership(String bootstrapServers) {
        this.admin = Admin.create(Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                AdminClientConfig.CLIENT_ID_CONFIG,
                "trials-leadership",
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG,
                REQUEST_MILLIS));
    }

    /** Returns the broker whose controller is the active one. */
    int controller() throws InterruptedException {
        return result(admin.describeMetadataQuorum().quorumInfo()).leaderId();
    }

    /** Returns the broker that leads the first partition of this topic. */
    int leader(String topic) throws InterruptedException {
        return result(admin.describeTopics(List.of(topic)).allTopicNames())
                .get(topic)
                .partitions()
                .get(0)
                .leader()
                .id();
    }

    /** Tells whether every replica of every partition is in sync. The answer is no while Kafka has none. */
    boolean areReplicasInSync() throws InterruptedException {
        try {
            return topics().stream()
                    .flatMap(topic -> topic.partitions().stream())
                    .allMatch(partition ->
                            partition.isr().size() == partition.replicas().size());
        } catch (IllegalStateException e) {
            log.atDebug().setCause(e).log("Replicas unknown");
            return false;
        }
    }

    /** Has all leaders elected anew: the second of the replicas of each partition becomes the preferred one. */
    void moveAll() throws InterruptedException {
        Map<TopicPartition, Optional<NewPartitionReassignment>> orders = new HashMap<>();
        for (TopicDescription topic : topics()) {
            topic.partitions().forEach(partition -> {
                List<Integer> replicas = new ArrayList<>(
                        partition.replicas().stream().map(Node::id).toList());
                Collections.rotate(replicas, -1);
                orders.put(
                        new TopicPartition(topic.name(), partition.partition()),
                        Optional.of(new NewPartitionReassignment(replicas)));
            });
        }
        result(admin.alterPartitionReassignments(orders).all());
        // with the new order Kafka may have elected some leaders already
        List<Throwable> failures =
                result(admin.electLeaders(ElectionType.PREFERRED, orders.keySet())
                                .partitions())
                        .values()
                        .stream()
                        .flatMap(Optional::stream)
                        .filter(failure -> !(failure instanceof ElectionNotNeededException))
                        .toList();
        if (!failures.isEmpty()) {
            throw new IllegalStateException("some leaders were not elected", failures.get(0));
        }
    }

    private Collection<TopicDescription> topics() throws InterruptedException {
        Collection<String> names = result(
                admin.listTopics(new ListTopicsOptions().listInternal(true)).names());
        return result(admin.describeTopics(names).allTopicNames()).values();
    }

    private static <T> T result(KafkaFuture<T> future) throws InterruptedException {
        try {
            return future.get(SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException e) {
            throw new IllegalStateException("the cluster cannot be asked", e);
        }
    }

    @Override
    public void close() {
        admin.close(Duration.ZERO);
    }
}
