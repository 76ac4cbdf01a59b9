package dev.sluice.worker;

import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.call.ApiProxy;
import dev.sluice.worker.call.RawServer;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests that what happens on the way to the API ends no request, spends no attempt and is said in words. */
@Timeout(120)
class TransportIT {
    private static final String COMPLETION = "{\"choices\":[{\"message\":{\"content\":\"hi\"}}]}";
    private static final Duration BOUND = Duration.ofSeconds(30);

    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private TestQueue queue;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
    }

    @AfterEach
    void close() {
        queue.close();
    }

    @Test
    void aProxyThatWantsToKnowWhoCallsHoldsTheLane() throws Exception {
        int requests = 10;
        AtomicBoolean letsThrough = new AtomicBoolean();
        try (RawServer proxy = new RawServer(connection -> {
            while (connection.read().isPresent()) {
                if (letsThrough.get()) {
                    connection.answer(COMPLETION);
                } else {
                    connection.answer("407 Proxy Authentication Required", new byte[0]);
                }
            }
        })) {
            ApiProxy way = new ApiProxy("127.0.0.1", proxy.port(), Optional.empty(), "");
            publish(requests);
            try (Worker worker = Worker.start(through(way, "http://api.test/v1"))) {
                awaitWarning(worker, "model m is held: 407 from proxy 127.0.0.1:" + proxy.port());
                letsThrough.set(true);
                queue.awaitReplies(requests);
            }
        }
        assertAllAnsweredWithoutAnAttempt(requests);
    }

    @Test
    void aProxyThatRefusesATunnelEndsNeitherTheWorkerNorARequest() throws Exception {
        try (RawServer proxy = new RawServer(connection -> {
            connection.read();
            connection.answer("407 Proxy Authentication Required", new byte[0]);
        })) {
            ApiProxy way = new ApiProxy("127.0.0.1", proxy.port(), Optional.empty(), "");
            publish(3);
            try (Worker worker = Worker.start(through(way, "https://api.test/v1"))) {
                awaitWarning(worker, "model m is held: 407 from proxy 127.0.0.1:" + proxy.port());
                assertThat(worker.health().livenessFailures()).isEmpty();
            }
        }
        assertThat(queue.read(queue.topics.dead())).isEmpty();
        assertThat(queue.read(queue.topics.replies())).isEmpty();
    }

    @Test
    void keptConnectionsThatTheServerJustClosesSpendNoAttempt() throws Exception {
        int requests = 40;
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer(COMPLETION);
                    // The next request meets a connection that closes at this very moment.
                    connection.read();
                });
                Worker worker = Worker.start(queue.config(server.baseUrl()))) {
            for (int published = 0; published < requests; published += 5) {
                publish(5);
                queue.awaitReplies(published + 5);
            }
            assertThat(worker.health().warnings()).isEmpty();
        }
        assertAllAnsweredWithoutAnAttempt(requests);
    }

    @Test
    void aHostThatIsUnknownIsNamed() throws Exception {
        publish(5);
        try (Worker worker = Worker.start(queue.config("http://no-such-host.invalid/v1"))) {
            awaitWarning(worker, "UnknownHostException: no-such-host.invalid");
        }
        assertThat(queue.read(queue.topics.dead())).isEmpty();
    }

    private void publish(int requests) {
        for (int i = 0; i < requests; i++) {
            queue.publish(body("m", "question " + i));
        }
    }

    private static void awaitWarning(Worker worker, String words) {
        await().atMost(BOUND)
                .untilAsserted(() -> assertThat(worker.health().warnings())
                        .singleElement()
                        .asString()
                        .contains(words));
    }

    private void assertAllAnsweredWithoutAnAttempt(int requests) {
        assertThat(queue.read(queue.topics.dead())).isEmpty();
        assertThat(queue.read(queue.topics.replies())).hasSize(requests).allSatisfy(reply -> {
            assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok");
            assertThat(header(reply, WireHeaders.ATTEMPTS)).isEqualTo("0");
        });
    }

    private WorkerConfig through(ApiProxy proxy, String baseUrl) {
        WorkerConfig direct = queue.config(baseUrl);
        return new WorkerConfig(
                direct.queue(),
                new WorkerConfig.Api(
                        URI.create(baseUrl),
                        direct.api().apiKey(),
                        direct.api().callTimeout(),
                        Optional.of(proxy),
                        List.of()),
                direct.pacing(),
                direct.retries(),
                direct.memory(),
                direct.drainTimeout());
    }
}
