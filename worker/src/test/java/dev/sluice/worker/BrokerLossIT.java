package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Tests that every request ends once although the broker goes away in the middle of commits and comes back. */
@Timeout(180)
class BrokerLossIT {
    private static final int REQUESTS = 1_500;
    /** The number of requests. By far not all of them are answered when the broker goes away for the second time. */
    private static final Duration LATENCY = Duration.ofSeconds(1);

    @Test
    void everyRequestEndsOnceThoughTheBrokerIsKilledAndRestartedInTheMiddleOfCommits() throws Exception {
        try (SandboxBroker broker = SandboxBroker.start();
                TestQueue queue = new TestQueue(broker.bootstrapServers(), "chat");
                TogetherStandIn api = TogetherStandIn.start(
                        StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY).withLatency(LatencyModel.fixed(LATENCY)))) {
            queue.publishBacklog(REQUESTS, body("m", "question"));

            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                awaitMoreReplies(queue);
                broker.kill();
                broker.startAgain();
                awaitMoreReplies(queue);
                broker.restart();
                awaitMoreReplies(queue);
                assertThat(queue.lag())
                        .as("the disturbances came in the middle")
                        .isPositive();

                await().atMost(Duration.ofSeconds(90)).until(() -> queue.lag() == 0);
            }

            List<ConsumerRecord<byte[], byte[]>> replies = queue.read(queue.topics.replies());
            assertThat(replies.stream()
                            .map(reply -> header(reply, WireHeaders.ID))
                            .distinct())
                    .hasSize(REQUESTS);
            assertThat(replies)
                    .hasSize(REQUESTS)
                    .allSatisfy(reply ->
                            assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok"));
        }
    }

    private static void awaitMoreReplies(TestQueue queue) {
        queue.awaitReplies(queue.read(queue.topics.replies()).size() + 50);
    }
}
