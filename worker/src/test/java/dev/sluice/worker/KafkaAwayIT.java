package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.pace.ConfiguredLimit;
import dev.sluice.worker.settle.Settle;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests that no call begins while Kafka accepts no commit, since its answer would be in memory alone. */
@Timeout(180)
class KafkaAwayIT {
    private static final Duration BOUND = Duration.ofSeconds(60);

    @RegisterExtension
    static final OwnBroker own = new OwnBroker();

    /**
     * The broker stops while no transaction ends. One of 4.4 that stops between the decision of a commit and its
     * markers may come back without them (offsets were unreadable after 4 of 6 stops under load). Then the worker may
     * end, since the commit was lost, and another one would call again. A broker that is suspended ends the worker's
     * session when it goes on, and answers that wait for their commit are then called for again.
     */
    @Test
    void noCallBeginsWhileCommitsDoNotGetThrough() throws Exception {
        int requests = 1_500;
        try (TestQueue queue = new TestQueue(own.get().bootstrapServers(), "stopped");
                TogetherStandIn api = api(Duration.ofMillis(50));
                LogLines log = new LogLines(Settle.class)) {
            queue.publishBacklog(requests, body("m", "question"));
            Map<String, ConfiguredLimit> limit = Map.of("*", ConfiguredLimit.parse("100/s"));

            try (Worker worker = Worker.start(queue.config(api.baseUrl(), limit, List.of()))) {
                queue.awaitReplies(100);
                api.update(settings -> settings.withLatency(LatencyModel.fixed(Duration.ofSeconds(3))));
                queue.awaitNoCommit();
                own.get().stop();
                await().atMost(BOUND).until(() -> has(log, "WARN Calls do not begin because Kafka accepts no commit"));
                await().atMost(BOUND).until(() -> api.openCalls() == 0);
                long before = api.calls();

                await().during(Duration.ofSeconds(6))
                        .atMost(Duration.ofSeconds(9))
                        .until(() -> api.calls() == before);
                assertThat(before).isLessThan(requests - 100);
                api.update(settings -> settings.withLatency(LatencyModel.fixed(Duration.ofMillis(50))));
                own.get().startAgain();
                await().atMost(BOUND)
                        .untilAsserted(() ->
                                assertThat(queue.lag()).as("%s", log.all()).isZero());
                assertThat(log.all()).anyMatch(line -> line.startsWith("INFO Calls begin again"));
            }

            // Offsets can be visible a moment before the replies of the same transaction are.
            queue.awaitReplies(requests);
            assertThat(queue.read(queue.topics.replies()))
                    .hasSize(requests)
                    .allSatisfy(reply ->
                            assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok"));
            assertThat(api.calls()).as("called and paid once").isEqualTo(requests);
        }
    }

    /** Nothing waits for a commit when Kafka goes away, and then all of them are due at once. */
    @Test
    void requestsThatBecomeDueWhileKafkaIsAwayAreNotCalled() throws Exception {
        int requests = 40;
        try (TestQueue queue = new TestQueue(own.get().bootstrapServers(), "killed");
                TogetherStandIn api = api(Duration.ZERO)) {
            try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
                queue.publish(body("m", "first"));
                queue.awaitReplies(1);
                long due = System.currentTimeMillis() + 9_500;
                RecordHeaders later = new RecordHeaders();
                WireHeaders.set(later, WireHeaders.NOT_BEFORE, due);
                for (int i = 0; i < requests; i++) {
                    queue.publish(body("m", "later"), later);
                }
                queue.publish(body("m", "now"));
                queue.awaitReplies(2);
                queue.awaitNoCommit();
                own.get().kill();

                await().during(Duration.ofSeconds(14))
                        .atMost(Duration.ofSeconds(18))
                        .until(() -> api.calls("later") == 0);
                assertThat(System.currentTimeMillis()).isGreaterThan(due);
                own.get().startAgain();
                queue.awaitReplies(requests + 2);
            }
            assertThat(api.calls("later")).isEqualTo(requests);
        }
    }

    /** Calls take longer than the patience, so that no outcome is there to commit. */
    @Test
    void longCallsAreNoReasonToBeginNone() throws Exception {
        int requests = 100;
        try (TestQueue queue = new TestQueue(own.get().bootstrapServers(), "long-calls");
                TogetherStandIn api = api(Duration.ofMillis(4_900));
                LogLines log = new LogLines(Settle.class)) {
            queue.publishBacklog(requests, body("m", "question"));
            Map<String, ConfiguredLimit> limit = Map.of("*", ConfiguredLimit.parse("20/s"));

            try (Worker worker = Worker.start(queue.config(api.baseUrl(), limit, List.of()))) {
                queue.awaitReplies(requests);
            }

            assertThat(log.all()).noneMatch(line -> line.contains("Calls do not begin"));
        }
    }

    private static TogetherStandIn api(Duration latency) throws Exception {
        return TogetherStandIn.start(
                StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY).withLatency(LatencyModel.fixed(latency)));
    }

    private static boolean has(LogLines log, String start) {
        return log.all().stream().anyMatch(line -> line.startsWith(start));
    }
}
