package dev.sluice.worker;

import static dev.sluice.worker.ScriptedApi.COMPLETION;
import static dev.sluice.worker.TestQueue.body;
import static dev.sluice.worker.TestQueue.header;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.sandbox.junit.KafkaExtension;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.ScriptedApi.ScriptedAnswer;
import dev.sluice.worker.pace.ConfiguredLimit;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Tests that only the API's own word, or a comparison with other requests, blames a request. */
@Timeout(120)
class FailureBlameIT {
    @RegisterExtension
    static final KafkaExtension kafka = new KafkaExtension();

    private TestQueue queue;
    private ScriptedApi api;

    @BeforeEach
    void open() throws Exception {
        queue = new TestQueue(kafka.bootstrapServers(), kafka.uniqueName("chat"));
        api = new ScriptedApi();
    }

    @AfterEach
    void close() {
        api.close();
        queue.close();
    }

    static Stream<ScriptedAnswer> answersOfTheSurroundings() {
        return Stream.of(
                new ScriptedAnswer(
                        403, "{\"title\":\"Error 1010: Access denied\",\"status\":403,\"cloudflare_error\":true}"),
                new ScriptedAnswer(403, "{\"message\":\"Forbidden\"}"),
                new ScriptedAnswer(403, "<html><title>Access denied</title></html>"),
                new ScriptedAnswer(404, "404 page not found"),
                new ScriptedAnswer(404, ""),
                new ScriptedAnswer(404, "{\"error\":{\"message\":\"Unknown request URL\",\"code\":\"unknown_url\"}}"),
                new ScriptedAnswer(400, "<html><body>400 Bad Request</body></html>"),
                new ScriptedAnswer(405, ""),
                new ScriptedAnswer(407, "Proxy Authentication Required"),
                new ScriptedAnswer(308, "", Map.of("Location", "https://elsewhere.example/v1/chat/completions")),
                new ScriptedAnswer(302, "", Map.of("Location", "https://login.example/")),
                new ScriptedAnswer(511, "log in to the network"),
                new ScriptedAnswer(
                        429, "{\"error\":{\"message\":\"You exceeded your quota\",\"type\":\"insufficient_quota\"}}"),
                new ScriptedAnswer(400, "{\"error\":{\"message\":\"No credit\",\"code\":\"credit_limit\"}}"));
    }

    @ParameterizedTest
    @MethodSource("answersOfTheSurroundings")
    void whatTheSurroundingsAnswerHoldsTheLaneAndEndsNoRequest(ScriptedAnswer answer) throws Exception {
        int requests = 30;
        for (int i = 0; i < requests; i++) {
            queue.publish(body("m", "question " + i));
        }
        api.answers(text -> answer);

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(worker.health().warnings())
                            .singleElement()
                            .asString()
                            .startsWith("model m is held: " + answer.status())
                            .contains(host(answer)));
            api.answers(text -> COMPLETION);
            queue.awaitReplies(requests);
        }

        assertThat(queue.read(queue.topics.dead())).isEmpty();
        assertThat(queue.read(queue.topics.replies())).hasSize(requests).allSatisfy(reply -> {
            assertThat(header(reply, WireHeaders.STATUS)).isEqualTo("ok");
            assertThat(header(reply, WireHeaders.ATTEMPTS)).isEqualTo("0");
        });
        assertThat(queue.read(queue.topics.retry())).isEmpty();
        // All of them are sent before the first answer comes, and again when the lane flows.
        assertThat(api.calls()).isLessThan(2 * requests + 20);
    }

    @Test
    void aWorkerThatServesNobodyForHalfAMinuteIsNotReadyAndSaysWhy() throws Exception {
        queue.publish(body("m", "one"));
        queue.publish(body("n", "two"));
        api.answers(text -> new ScriptedAnswer(402, ""));

        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            await().atMost(Duration.ofSeconds(60))
                    .untilAsserted(() -> assertThat(worker.health().readinessFailures())
                            .singleElement()
                            .asString()
                            .matches("every model that has requests has been held for \\d+ s"));
            assertThat(worker.health().warnings()).contains("model m is held: 402", "model n is held: 402");
            assertThat(worker.health().livenessFailures()).isEmpty();
            api.answers(text -> COMPLETION);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> queue.read(queue.topics.replies()).size() == 2);
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> worker.health().readinessFailures().isEmpty());
        }
    }

    private static String host(ScriptedAnswer answer) {
        String location = answer.headers().get("Location");
        return location == null ? "" : URI.create(location).getHost();
    }

    @Test
    void aRequestThatTheApiRejectsInItsOwnFormEndsWithTheApisWords() throws Exception {
        api.answers(text -> text.equals("bad")
                ? new ScriptedAnswer(
                        404, "{\"error\":{\"message\":\"Unable to access model x\",\"code\":\"model_not_available\"}}")
                : COMPLETION);
        queue.publish(body("m", "good"));
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(1);
            queue.publish(body("m", "bad"));
            queue.awaitReplies(2);
        }

        ConsumerRecord<byte[], byte[]> letter = queue.read(queue.topics.dead()).get(0);
        assertThat(header(letter, WireHeaders.REASON)).isEqualTo("rejected");
        assertThat(header(letter, WireHeaders.LAST_ERROR)).isEqualTo("404 model_not_available");
        assertThat(header(letter, WireHeaders.ERROR_MESSAGE)).isEqualTo("Unable to access model x");
        assertThat(api.calls("bad")).isEqualTo(1);
    }

    @Test
    void aRequestThatAnEdgeFiltersEndsWhileOthersPass() throws Exception {
        api.answers(text -> text.equals("filtered") ? new ScriptedAnswer(403, "<html>blocked</html>") : COMPLETION);
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            for (int i = 0; i < 20; i++) {
                queue.publish(body("m", "before " + i));
            }
            queue.awaitReplies(20);
            queue.publish(body("m", "filtered"));
            await().atMost(Duration.ofSeconds(60)).until(() -> {
                queue.publish(body("m", "beside"));
                return !queue.read(queue.topics.dead()).isEmpty();
            });
            assertThat(worker.health().warnings()).isEmpty();
        }

        assertThat(queue.read(queue.topics.dead())).singleElement().satisfies(letter -> {
            assertThat(header(letter, WireHeaders.REASON)).isEqualTo("attempts_exhausted");
            assertThat(header(letter, WireHeaders.HTTP_STATUS)).isEqualTo("403");
            assertThat(header(letter, WireHeaders.ERROR_MESSAGE)).isEqualTo("blocked");
        });
        // A call after which no other request has passed yet is no evidence.
        assertThat(api.calls("filtered")).isBetween(5, 8);
    }

    @Test
    void aRequestThatIsAlwaysToldToWaitHoldsUpNobody() throws Exception {
        int others = 200;
        api.answers(text -> text.equals("large")
                ? new ScriptedAnswer(429, "{\"error\":{\"type\":\"tokens\"}}", Map.of("x-ratelimit-reset", "60"))
                : COMPLETION);
        queue.publish(body("m", "large"));
        for (int i = 0; i < others; i++) {
            queue.publish(body("m", "other " + i));
        }

        long started = System.nanoTime();
        Map<String, ConfiguredLimit> limits = Map.of("*", ConfiguredLimit.parse("20/s"));
        try (Worker worker = Worker.start(queue.config(api.baseUrl(), limits, List.of()))) {
            queue.awaitReplies(others);
        }

        assertThat(Duration.ofNanos(System.nanoTime() - started)).isLessThan(Duration.ofSeconds(30));
        assertThat(queue.read(queue.topics.dead())).isEmpty();
        assertThat(api.calls("large")).isEqualTo(1);
    }

    @Test
    void a200WithAnErrorIsWhatItsErrorSays() throws Exception {
        api.answers(text -> switch (text) {
            case "rejected" ->
                new ScriptedAnswer(
                        200,
                        "{\"choices\":[{\"message\":{\"content\":null}}],\"error\":{\"code\":400,\"message\":\"no\"}}");
            case "failed once" ->
                api.calls(text) == 1
                        ? new ScriptedAnswer(200, "{\"error\":{\"message\":\"upstream failed\"}}")
                        : COMPLETION;
            default -> COMPLETION;
        });
        queue.publish(body("m", "rejected"));
        queue.publish(body("m", "failed once"));
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(2);
        }

        assertThat(queue.read(queue.topics.dead()))
                .singleElement()
                .satisfies(letter ->
                        assertThat(header(letter, WireHeaders.LAST_ERROR)).isEqualTo("200 with error 400"));
        assertThat(api.calls("rejected")).isEqualTo(1);
        assertThat(api.calls("failed once")).isEqualTo(2);
    }

    @Test
    void anAnswerThatIsTooLargeEndsItsRequestAfterOneCall() throws Exception {
        api.answers(text -> text.equals("long")
                ? new ScriptedAnswer(200, "{\"choices\":[\"" + "x".repeat(2 << 20) + "\"]}")
                : COMPLETION);
        queue.publish(body("m", "long"));
        queue.publish(body("m", "short"));
        try (Worker worker = Worker.start(queue.config(api.baseUrl()))) {
            queue.awaitReplies(2);
        }

        assertThat(queue.read(queue.topics.dead()))
                .singleElement()
                .satisfies(
                        letter -> assertThat(header(letter, WireHeaders.REASON)).isEqualTo("too_large"));
        assertThat(api.calls("long")).isEqualTo(1);
    }
}
