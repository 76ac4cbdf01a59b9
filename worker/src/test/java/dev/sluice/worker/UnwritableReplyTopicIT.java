package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.BrokerSettings;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.SandboxTopics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.observe.PrometheusPage;
import dev.sluice.worker.pace.ConfiguredLimit;
import io.opentelemetry.api.OpenTelemetry;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionReplica;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Tests that a tenant whose reply topic has no leader delays nobody else, however many its requests are. */
@Timeout(240)
class UnwritableReplyTopicIT {
    private static final String TENANTS = "app.replies";

    @TempDir
    private Path folder;

    @Test
    void moreRequestsThanAWorkerReadsAheadWantTheirRepliesOnATopicWithoutALeader() throws Exception {
        int toTenant = 2_300;
        int toOthers = 200;
        List<Path> disks = List.of(folder.resolve("disk-1"), folder.resolve("disk-2"));
        try (SandboxBroker broker = SandboxBroker.start(BrokerSettings.defaults()
                        .withDataFolder(folder.resolve("broker"))
                        .withProperty(
                                "metadata.log.dir", folder.resolve("metadata").toString())
                        .withProperty("replica.high.watermark.checkpoint.interval.ms", "500")
                        .withProperty("log.dirs", disks.get(0) + "," + disks.get(1)));
                TestQueue queue = new TestQueue(broker.bootstrapServers(), "chat");
                ScriptedApi api = new ScriptedApi()) {
            WorkerConfig config = queue.config(
                    api.baseUrl(), Map.of("*", ConfiguredLimit.NONE), List.of(Pattern.compile("app\\..*")));
            SandboxTopics.create(queue.admin(), List.of(new NewTopic(TENANTS, 1, (short) 1)));
            queue.publish(body("m", "first"));
            try (Worker worker = Worker.start(config)) {
                queue.awaitReplies(1);
            }
            RecordHeaders tenants = new RecordHeaders();
            tenants.add(WireHeaders.REPLY_TOPIC, TENANTS.getBytes(StandardCharsets.UTF_8));
            queue.publishBacklog(toTenant, i -> tenants, body("m", "tenant"));
            queue.publishBacklog(toOthers, body("m", "other"));
            leaveAlone(queue, disks.get(1).toString(), disks.get(0).toString());
            // the broker still writes there, so that a file may come or go while it is removed
            await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(() -> lose(disks.get(1)));
            await().atMost(Duration.ofSeconds(60)).until(() -> !hasLeader(queue));

            try (PrometheusPage page = new PrometheusPage("1");
                    Worker worker = Worker.start(config, page.metrics(), OpenTelemetry.noop())) {
                await().atMost(Duration.ofSeconds(60)).until(() -> answered(queue, false) == toOthers + 1);
                await().atMost(Duration.ofSeconds(60)).until(() -> answered(queue, true) >= toTenant - 200);
                assertThat(worker.health().warnings())
                        .anySatisfy(warning -> assertThat(warning).contains(TENANTS, "has taken nothing for"));
                await().atMost(Duration.ofSeconds(10))
                        .untilAsserted(() -> assertThat(metrics(page))
                                .contains("sluice_redirected_replies_total " + (double) answered(queue, true)));
                assertThat(metrics(page))
                        .as("a send to the topic would fail and delay everybody")
                        .contains("sluice_commit_aborts_total 0.0");
            }

            assertThat(queue.read(queue.topics.dead())).isEmpty();
            assertThat(queue.read(queue.topics.replies()))
                    .filteredOn(reply -> header(reply, WireHeaders.REPLY_TOPIC).equals(TENANTS))
                    .allSatisfy(reply -> {
                        assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok");
                        assertThat(header(reply, WireHeaders.REDIRECTED))
                                .startsWith("reply ")
                                .contains(TENANTS)
                                .contains("has taken nothing for");
                    });
        }
    }

    private static List<String> metrics(PrometheusPage page) {
        return new String(page.now("").body(), StandardCharsets.UTF_8).lines().toList();
    }

    private static long answered(TestQueue queue, boolean ofTenant) {
        return queue.read(queue.topics.replies()).stream()
                .filter(reply -> header(reply, WireHeaders.REPLY_TOPIC).equals(TENANTS) == ofTenant)
                .count();
    }

    /** Moves partitions between the disks, so that the tenant's is the only one on {@code disk}. */
    private static void leaveAlone(TestQueue queue, String disk, String other) throws Exception {
        Map<TopicPartitionReplica, String> moves = new HashMap<>();
        for (LogDirDescription described : disks(queue).values()) {
            for (TopicPartition partition : described.replicaInfos().keySet()) {
                moves.put(
                        new TopicPartitionReplica(partition.topic(), partition.partition(), broker(queue)),
                        partition.topic().equals(TENANTS) ? disk : other);
            }
        }
        queue.admin().alterReplicaLogDirs(moves).all().get();
        await().atMost(Duration.ofSeconds(60))
                .until(() -> disks(queue).get(disk).replicaInfos().entrySet().stream()
                        .allMatch(replica -> replica.getKey().topic().equals(TENANTS)
                                && !replica.getValue().isFuture()));
        await().atMost(Duration.ofSeconds(60))
                .until(() -> disks(queue).get(disk).replicaInfos().size() == 1);
    }

    private static Map<String, LogDirDescription> disks(TestQueue queue) throws Exception {
        int broker = broker(queue);
        return queue.admin()
                .describeLogDirs(List.of(broker))
                .allDescriptions()
                .get()
                .get(broker);
    }

    private static int broker(TestQueue queue) throws Exception {
        return queue.admin().describeCluster().nodes().get().iterator().next().id();
    }

    private static boolean hasLeader(TestQueue queue) throws Exception {
        return queue.admin()
                        .describeTopics(List.of(TENANTS))
                        .topicNameValues()
                        .get(TENANTS)
                        .get()
                        .partitions()
                        .get(0)
                        .leader()
                != null;
    }

    private static boolean lose(Path disk) throws Exception {
        try (Stream<Path> all = Files.walk(disk)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
        Files.writeString(disk, "no folder");
        return true;
    }
}
