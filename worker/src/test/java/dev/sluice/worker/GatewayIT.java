package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ChatQueue;
import dev.sluice.gateway.Gateway;
import dev.sluice.gateway.GatewayConfig;
import dev.sluice.gateway.KafkaHealth;
import dev.sluice.gateway.WaitTimes;
import dev.sluice.sandbox.SandboxBroker;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cli.gateway.FollowedWorkers;
import dev.sluice.worker.pace.ConfiguredLimit;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.json.JsonMapper;

/** Sends requests over HTTP to a door, a queue on a real Kafka, and a worker. */
@Timeout(120)
class GatewayIT {
    private static final int LEAVING = 1_000;
    /** The door's own, but for clients that have gone, which have a second to come back. */
    private static final WaitTimes TIMES = new WaitTimes(
            WaitTimes.DEFAULT.commitAfter(),
            WaitTimes.DEFAULT.keepAliveEvery(),
            Duration.ofSeconds(1),
            WaitTimes.DEFAULT.outcomeKeptFor(),
            WaitTimes.DEFAULT.uploadWithin(),
            WaitTimes.DEFAULT.writeWithin());

    private static SandboxBroker broker;
    private static TestQueue queue;
    private static TogetherStandIn api;
    private static ChatQueue sdk;
    private static KafkaHealth health;
    private static FollowedWorkers workers;
    private static Gateway gateway;
    private static HttpClient client;

    @BeforeAll
    static void start() throws Exception {
        broker = SandboxBroker.start();
        queue = new TestQueue(broker.bootstrapServers(), "chat");
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(TestQueue.KEY));
        sdk = ChatQueue.builder()
                .bootstrapServers(broker.bootstrapServers())
                .replyTopic(queue.topics.doorReplies())
                .cancelRequests()
                .build();
        health = new KafkaHealth(queue.admin(), List.of(queue.topics.doorReplies())).start();
        workers = new FollowedWorkers(Map.of("bootstrap.servers", broker.bootstrapServers()), queue.topics);
        gateway = Gateway.start(
                new GatewayConfig(
                        "127.0.0.1",
                        0,
                        Optional.empty(),
                        Optional.empty(),
                        2 * LEAVING,
                        100_000,
                        Duration.ofMinutes(5),
                        TIMES,
                        Optional.empty()),
                sdk,
                health,
                workers,
                new SimpleMeterRegistry(),
                () -> new byte[0]);
        client = HttpClient.newHttpClient();
    }

    @AfterAll
    static void stop() {
        gateway.close();
        sdk.close();
        health.close();
        workers.close();
        api.close();
        queue.close();
        broker.close();
    }

    @Test
    void everyRequestIsAnsweredThroughARestartOfTheBroker() throws Exception {
        assertThat(health.problems()).isEmpty();
        await().until(() -> workers.alive().equals(OptionalInt.of(0)));
        List<CompletableFuture<HttpResponse<String>>> waiting = Stream.generate(
                        () -> post(TestQueue.body("m", "hello")))
                .limit(100)
                .toList();
        await().until(() -> waitingInKafka() >= 100);

        broker.restart();
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            assertThat(waiting).allSatisfy(answer -> {
                assertThat(answer.join().statusCode()).isEqualTo(200);
                assertThat(answer.join().body()).contains("\"chat.completion\"");
                assertThat(answer.join().headers().firstValue("sluice-queued-ms"))
                        .isPresent();
            });
            assertThat(api.calls()).isEqualTo(100);

            aStreamIsRelayedAsItIsMade();
            theApisOwnRefusalIsPassedOn();
            modelsAndWorkersAreKnown();
        }
        await().until(() -> workers.alive().equals(OptionalInt.of(0)));
        aDoorThatStartsLaterReadsTheList();
        assertThat(queue.read(queue.topics.replies())).isEmpty();
    }

    /** The stand-in takes two seconds for it, and the first words are there before the last ones are made. */
    private static void aStreamIsRelayedAsItIsMade() throws Exception {
        String text = "one two three four five six seven eight nine ten [stand-in: pace=100ms]";
        String body = TestQueue.body("m", text).replace("{\"model", "{\"stream\":true,\"model");
        List<Long> times = new ArrayList<>();
        StringBuilder shown = new StringBuilder();

        HttpResponse<Stream<String>> stream = client.send(request(body), HttpResponse.BodyHandlers.ofLines());
        List<String> lines = stream.body()
                .filter(line -> line.startsWith("data: {"))
                .peek(line -> times.add(System.nanoTime()))
                .toList();

        assertThat(stream.headers().firstValue("content-type")).contains("text/event-stream");
        for (String line : lines) {
            shown.append(JsonMapper.shared()
                    .readTree(line.substring("data: ".length()))
                    .at("/choices/0/delta/content")
                    .asString(""));
        }
        assertThat(shown).hasToString("You said: " + text);
        assertThat(Duration.ofNanos(times.get(times.size() - 1) - times.get(0))).isGreaterThan(Duration.ofSeconds(1));
    }

    private static void theApisOwnRefusalIsPassedOn() {
        HttpResponse<String> refused =
                post(TestQueue.body("m", "? [stand-in: status=400]")).join();

        assertThat(refused.statusCode()).isEqualTo(400);
        assertThat(refused.headers().firstValue("x-should-retry")).contains("false");
        assertThat(refused.body()).contains("\"error\"");
    }

    private static void modelsAndWorkersAreKnown() throws Exception {
        await().until(() -> workers.alive().equals(OptionalInt.of(1)));
        await().atMost(Duration.ofSeconds(20)).until(() -> workers.models().isPresent());

        HttpResponse<String> models = client.send(
                HttpRequest.newBuilder(URI.create("http://localhost:" + gateway.port() + "/v1/models"))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
        assertThat(models.body())
                .startsWith("{\"object\":\"list\",\"data\":[{\"id\":\"meta-llama/Llama-3.3-70B-Instruct-Turbo\"")
                .contains("\"owned_by\":\"openai\"", "\"context_length\"");
    }

    private static void aDoorThatStartsLaterReadsTheList() {
        try (FollowedWorkers later =
                new FollowedWorkers(Map.of("bootstrap.servers", broker.bootstrapServers()), queue.topics)) {
            await().until(() -> later.models().isPresent());
        }
    }

    /** Clients that give up before their turn, and do not come back. */
    @Test
    void requestsWhoseClientsHaveGoneAreNotCalled() throws Exception {
        int replies = queue.read(queue.topics.doorReplies()).size();
        long published = waitingInKafka();
        long calls = api.calls();
        Map<String, ConfiguredLimit> limits = Map.of("*", ConfiguredLimit.parse("1/s"));
        try (Worker worker = Worker.start(queue.config(api.baseUrl(), limits, List.of()))) {
            List<CompletableFuture<HttpResponse<String>>> leaving = Stream.generate(
                            () -> post(TestQueue.body("m", "too late")))
                    .limit(LEAVING)
                    .toList();
            await().atMost(Duration.ofSeconds(30)).until(() -> waitingInKafka() >= published + LEAVING);

            leaving.forEach(client -> client.cancel(true));

            await().atMost(Duration.ofSeconds(30))
                    .until(() -> queue.read(queue.topics.doorReplies()).size() >= replies + LEAVING);
            await().until(() -> queue.lag() == 0);
        }
        assertThat(api.calls() - calls).isLessThanOrEqualTo(20);
        assertThat(queue.read(queue.topics.doorReplies())).hasSize(replies + LEAVING);
        assertThat(queue.read(queue.topics.dead()))
                .noneMatch(
                        letter -> TestQueue.header(letter, WireHeaders.REASON).matches("cancelled|expired"));
    }

    private static long waitingInKafka() throws Exception {
        return queue.read(queue.topics.requests()).size();
    }

    private static CompletableFuture<HttpResponse<String>> post(String body) {
        return client.sendAsync(request(body), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest request(String body) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + gateway.port() + "/v1/chat/completions"))
                .header("content-type", "application/json")
                .timeout(Duration.ofSeconds(90))
                .POST(HttpRequest.BodyPublishers.ofString(body, UTF_8))
                .build();
    }
}
