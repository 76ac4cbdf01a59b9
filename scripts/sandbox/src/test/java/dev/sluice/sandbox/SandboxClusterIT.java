package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class SandboxClusterIT {
    private static final long SECONDS = 20;

    /** The disk of the leader is full, so the leader ends when it is to write. */
    @Test
    void threeBrokersDoWithoutOneOfThem() throws Exception {
        try (SandboxCluster cluster = SandboxCluster.start(3);
                Admin admin = Admin.create(Map.of("bootstrap.servers", cluster.bootstrapServers()))) {
            admin.createTopics(List.of(new NewTopic("carried", Optional.empty(), Optional.empty())))
                    .all()
                    .get(SECONDS, TimeUnit.SECONDS);
            ConfigResource topic = new ConfigResource(ConfigResource.Type.TOPIC, "carried");
            assertThat(known(() -> admin.describeConfigs(List.of(topic)).all())
                            .get(topic)
                            .get(TopicConfig.MIN_IN_SYNC_REPLICAS_CONFIG)
                            .value())
                    .isEqualTo("2");
            TopicPartitionInfo before = carried(admin);
            assertThat(before.replicas()).extracting(Node::id).containsExactlyInAnyOrder(1, 2, 3);
            SandboxBroker leader = cluster.broker(before.leader().id());
            BrokerClient client = new BrokerClient(cluster.bootstrapServers());

            leader.fillDisk();
            client.write("carried", "without its leader");
            assertThat(carried(admin).leader().id()).isNotEqualTo(leader.nodeId());
            await().atMost(Duration.ofSeconds(SECONDS)).until(() -> !leader.isRunning());
            cluster.startStopped();

            assertThat(cluster.brokers()).allMatch(SandboxBroker::isRunning);
            assertThat(client.read("carried", 1)).containsExactly("without its leader");
        }
    }

    private static TopicPartitionInfo carried(Admin admin) {
        Collection<TopicDescription> described = known(
                        () -> admin.describeTopics(List.of("carried")).allTopicNames())
                .values();
        return described.iterator().next().partitions().get(0);
    }

    /** Asks until the broker that is asked knows the topic. It was another one that has created it. */
    private static <T> T known(Supplier<KafkaFuture<T>> question) {
        return await().atMost(Duration.ofSeconds(SECONDS))
                .ignoreExceptionsMatching(failure -> failure.getCause() instanceof UnknownTopicOrPartitionException)
                .until(() -> question.get().get(SECONDS, TimeUnit.SECONDS), answer -> true);
    }
}
