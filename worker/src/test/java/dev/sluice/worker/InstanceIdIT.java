package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.threads.WorkerException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests workers with a stable {@code --instance-id}. */
@Timeout(120)
class InstanceIdIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    @Test
    void ofTwoWorkersWithOneIdTheOlderEndsAndTheYoungerServesOn() throws Exception {
        int each = 50;
        try (TestQueue queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
                TogetherStandIn api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
                Worker older = Worker.start(withInstanceId(queue.config(api.baseUrl())))) {
            publish(queue, each);
            queue.awaitReplies(each);
            CompletableFuture<Optional<Throwable>> end = CompletableFuture.supplyAsync(() -> endOf(older));

            try (Worker younger = Worker.start(withInstanceId(queue.config(api.baseUrl())))) {
                publish(queue, each);
                await().atMost(Duration.ofSeconds(30)).until(end::isDone);
                older.close();
                publish(queue, each);
                queue.awaitReplies(3 * each);
                await().atMost(Duration.ofSeconds(10)).until(() -> queue.lag() == 0);
            }

            assertThat(end.get().orElseThrow())
                    .isInstanceOf(WorkerException.class)
                    .hasMessageContaining("another worker runs with the same --instance-id");
            List<ConsumerRecord<byte[], byte[]>> replies = queue.read(queue.topics.replies());
            assertThat(replies).hasSize(3 * each);
            assertThat(replies.stream()
                            .map(reply -> header(reply, WireHeaders.ID))
                            .distinct())
                    .hasSize(3 * each);
        }
    }

    private static void publish(TestQueue queue, int count) {
        for (int i = 0; i < count; i++) {
            queue.publish(body("m", "question"));
        }
    }

    private static Optional<Throwable> endOf(Worker worker) {
        try {
            return worker.awaitEnd();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private static WorkerConfig withInstanceId(WorkerConfig config) {
        WorkerConfig.Queue queue = config.queue();
        return new WorkerConfig(
                new WorkerConfig.Queue(
                        queue.topics(), queue.group(), Optional.of("one"), queue.replyTopics(), queue.kafka()),
                config.api(),
                config.pacing(),
                config.retries(),
                config.memory(),
                config.drainTimeout());
    }
}
