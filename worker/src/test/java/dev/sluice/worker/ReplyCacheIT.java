package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.LatencyModel;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests requests with the header {@code sluice-cache} on a real Kafka and over real HTTP. */
class ReplyCacheIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private static final int REQUESTS = 50;

    private TestQueue queue;
    private TogetherStandIn api;
    private int published;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = TogetherStandIn.start(StandInSettings.DEFAULT
                .withApiKeys(TestQueue.KEY)
                .withLatency(LatencyModel.fixed(Duration.ofMillis(500))));
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    @Test
    void equalRequestsShareOneCallAndLaterOnesNeedNone() throws Exception {
        publish(REQUESTS, "same", "t", "PT10M");

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(REQUESTS);
            assertThat(api.calls()).isEqualTo(1);

            publish(REQUESTS, "same", "t", "PT10M");
            queue.awaitReplies(2 * REQUESTS);
            await().atMost(Duration.ofSeconds(10)).until(() -> queue.lag() == 0);
        }

        assertThat(api.calls()).isEqualTo(1);
        List<ConsumerRecord<byte[], byte[]>> replies = repliesToAll();
        assertThat(replies.stream()
                        .map(reply -> new String(reply.value(), UTF_8))
                        .distinct())
                .hasSize(1);
        assertThat(replies.stream()
                        .filter(reply -> !header(reply, WireHeaders.CALL_MS).equals("0")))
                .hasSize(1);
        assertThat(replies)
                .allSatisfy(reply ->
                        assertThat(header(reply, WireHeaders.HTTP_STATUS)).isEqualTo("200"));
    }

    @Test
    void requestsThatDoNotAskAreAllCalled() throws Exception {
        publish(20, "same", "t", null);

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(20);
        }

        assertThat(api.calls()).isEqualTo(20);
        repliesToAll();
    }

    @Test
    void tenantsShareNothing() throws Exception {
        publish(10, "same", "a", "PT10M");
        publish(10, "same", "b", "PT10M");

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(20);
        }

        assertThat(api.calls()).isEqualTo(2);
        repliesToAll();
    }

    @Test
    void allRequestsAreAnsweredThoughTheSharedCallFails() throws Exception {
        publish(REQUESTS, "same [stand-in: status=500 times=1]", "t", "PT10M");

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(REQUESTS);
            await().atMost(Duration.ofSeconds(10)).until(() -> queue.lag() == 0);
        }

        assertThat(api.calls()).isEqualTo(2);
        assertThat(queue.read(queue.topics.retry())).hasSize(1);
        assertThat(queue.read(queue.topics.dead())).isEmpty();
        repliesToAll();
    }

    @Test
    void followersAreAnsweredByAnotherWorkerAfterTheirOwnLeaves() throws Exception {
        api.update(settings -> settings.withLatency(LatencyModel.fixed(Duration.ofSeconds(2))));
        publish(REQUESTS, "same", "t", "PT10M");

        Worker leaving = Worker.start(queue.config(api.baseUrl()));
        await().atMost(Duration.ofSeconds(20)).until(() -> api.openCalls() == 1);
        leaving.close();
        assertThat(queue.read(queue.topics.replies())).hasSize(1);
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(REQUESTS);
            await().atMost(Duration.ofSeconds(10)).until(() -> queue.lag() == 0);
        }

        assertThat(api.calls()).isEqualTo(2);
        repliesToAll();
    }

    private List<ConsumerRecord<byte[], byte[]>> repliesToAll() {
        List<ConsumerRecord<byte[], byte[]>> replies = queue.read(queue.topics.replies());
        Set<String> ids =
                replies.stream().map(reply -> header(reply, WireHeaders.ID)).collect(Collectors.toSet());
        assertThat(replies).hasSize(published);
        assertThat(ids).hasSize(published);
        assertThat(replies)
                .allSatisfy(
                        reply -> assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok"));
        return replies;
    }

    private void publish(int count, String text, String tenant, @Nullable String cacheFor) {
        for (int i = 0; i < count; i++) {
            RecordHeaders headers = new RecordHeaders();
            WireHeaders.set(headers, WireHeaders.ID, "request-" + published++);
            WireHeaders.set(headers, WireHeaders.TENANT, tenant);
            if (cacheFor != null) {
                WireHeaders.set(headers, WireHeaders.CACHE, cacheFor);
            }
            queue.publish(body("m", text), headers);
        }
    }
}
