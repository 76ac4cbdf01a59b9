package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.SandboxCluster;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests that a reply topic which loses a replica, and with it takes no records, stops nobody else for long. */
@Timeout(300)
class ReplicasLostIT {
    private static final String TENANTS = "app.replies";
    private static final int STAYS = 1;
    private static final int GOES = 2;

    @Test
    void aReplyTopicThatIsWrittenToAsItFallsBelowItsReplicasInSyncStopsNobodyElse() throws Exception {
        int each = 40;
        try (SandboxCluster cluster = SandboxCluster.start(3);
                TestQueue queue = new TestQueue(cluster.bootstrapServers(), "chat");
                ScriptedApi api = new ScriptedApi()) {
            queue.admin()
                    .createTopics(List.of(new NewTopic(TENANTS, Map.of(0, List.of(STAYS, GOES)))))
                    .all()
                    .get();
            WorkerConfig config = queue.config(
                    api.baseUrl(), Map.of("*", ConfiguredLimit.NONE), List.of(Pattern.compile("app\\..*")));
            RecordHeaders tenants = new RecordHeaders();
            tenants.add(WireHeaders.REPLY_TOPIC, TENANTS.getBytes(UTF_8));

            try (Worker worker = Worker.start(config)) {
                queue.publish(body("m", "tenant"), tenants);
                await().atMost(Duration.ofSeconds(60))
                        .until(() -> queue.read(TENANTS).size() == 1);

                cluster.broker(GOES).kill();
                for (int i = 0; i < each; i++) {
                    queue.publish(body("m", "tenant"), tenants);
                    queue.publish(body("m", "other"));
                }
                await().atMost(Duration.ofSeconds(90))
                        .until(() -> queue.read(queue.topics.replies()).size() == each);
                assertThat(queue.read(TENANTS)).hasSize(1);
                assertThat(worker.health().warnings())
                        .anySatisfy(warning -> assertThat(warning).contains(TENANTS, "has taken nothing for"));

                cluster.startStopped();
                await().atMost(Duration.ofSeconds(90)).until(() -> queue.lag() == 0);
            }

            List<ConsumerRecord<byte[], byte[]>> replies = queue.read(TENANTS);
            assertThat(replies).hasSize(each + 1);
            assertThat(replies.stream()
                            .map(reply -> header(reply, WireHeaders.ID))
                            .distinct())
                    .hasSize(each + 1);
            assertThat(queue.read(queue.topics.replies())).hasSize(each);
            assertThat(queue.read(queue.topics.dead())).isEmpty();
        }
    }
}
