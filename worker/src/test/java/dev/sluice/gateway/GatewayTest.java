package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.ChatQueueException;
import dev.sluice.ChatRequest;
import dev.sluice.Priority;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.Reason;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class GatewayTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "/v1/chat/completions",
                "/chat/completions",
                "/v1/chat/completions/",
                "/v1/chat/completions?api-version=1"
            })
    void answersWithTheReplyByteForByte(String path) throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            HttpResponse<String> response =
                    door.send(door.request(path).POST(HttpRequest.BodyPublishers.ofString(TestDoor.BODY)));

            assertThat(response.statusCode()).isEqualTo(200);
            assertThat(response.body()).startsWith("{").contains("re m");
            assertThat(response.headers().firstValue("content-type")).contains("application/json");
            String id = door.queue.requests().get(0).id().orElseThrow();
            assertThat(response.headers().firstValue("x-request-id")).contains(id);
            assertThat(response.headers().firstValue("sluice-attempts")).contains("0");
            assertThat(new String(door.queue.requests().get(0).body(), UTF_8)).isEqualTo(TestDoor.BODY);
        }
    }

    @Test
    void makesAStreamFromTheWholeReply() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            String body =
                    "{\"stream\":true,\"model\":\"m\",\"stream_options\":{\"include_usage\":true},\"messages\":[]}";
            HttpResponse<String> response = door.post(body);

            assertThat(response.headers().firstValue("content-type")).contains("text/event-stream");
            assertThat(response.headers().firstValue("x-accel-buffering")).contains("no");
            assertThat(response.body())
                    .contains("\"content\":\"re m\"", "\"total_tokens\":2")
                    .endsWith("data: [DONE]\n\n");
            assertThat(new String(door.queue.requests().get(0).body(), UTF_8)).isEqualTo(body);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "INVALID_REQUEST, 0, 400",
        "REPLY_TOPIC_REFUSED, 0, 400",
        "UNREADABLE, 0, 400",
        "TOO_LARGE, 0, 413",
        "EXPIRED, 0, 504",
        "REJECTED, 404, 404",
        "REJECTED, 402, 402",
        "ATTEMPTS_EXHAUSTED, 500, 500",
        "ATTEMPTS_EXHAUSTED, 0, 502",
        "NEVER_ADMITTED, 429, 429"
    })
    void aFailedReplyHasAStatusAndIsNotToBeSentAgain(Reason reason, int apiStatus, int status) throws Exception {
        for (String stream : List.of("", "\"stream\":true,")) {
            try (TestDoor door = TestDoor.before(TestDoor.failing(reason, apiStatus))) {
                HttpResponse<String> response = door.post(TestDoor.BODY.replace("{\"model", "{" + stream + "\"model"));

                assertThat(response.statusCode()).isEqualTo(status);
                assertThat(response.headers().firstValue("x-should-retry")).contains("false");
                assertThat(response.headers().firstValue("content-type")).contains("application/json");
                assertThat(TestDoor.error(response).get("message").asString()).isEqualTo("no");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"{", "[]", "{\"messages\":[]}", "{\"model\":\"m\"}", ""})
    void aBodyThatTheQueueDoesNotTakeIsTheCallersFault(String body) throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            HttpResponse<String> response = door.post(body);

            assertThat(response.statusCode()).isEqualTo(400);
            assertThat(TestDoor.error(response).get("code").asString()).isEqualTo("invalid_request");
            assertThat(TestDoor.error(response).get("param").isString()).isTrue();
        }
    }

    @Test
    void everythingElseIsAnErrorInJson() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            HttpResponse<String> unknown = door.get("/v1/embeddings");
            HttpResponse<String> responses = door.get("/v1/responses");
            HttpResponse<String> wrongMethod = door.get("/v1/chat/completions");

            assertThat(unknown.statusCode()).isEqualTo(404);
            assertThat(TestDoor.error(unknown).get("message").asString()).contains("POST /v1/chat/completions");
            assertThat(TestDoor.error(responses).get("message").asString()).contains("chat_completions");
            assertThat(wrongMethod.statusCode()).isEqualTo(405);
            assertThat(wrongMethod.headers().firstValue("allow")).contains("POST");
        }
    }

    @Test
    void refusesAtOnceWhileTheQueueCannotBeReached() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering();
        try (TestDoor door = TestDoor.before(queue)) {
            queue.failWith(new ChatQueueException("no answer from Kafka at secret-host:9092"));
            HttpResponse<String> first = door.post(TestDoor.BODY);
            assertThat(first.statusCode()).isEqualTo(503);
            assertThat(first.headers().firstValue("retry-after")).contains("5");
            assertThat(first.body()).doesNotContain("secret-host");

            queue.failWith(null);
            assertThat(door.post(TestDoor.BODY).statusCode()).isEqualTo(503);
            await().atMost(Duration.ofSeconds(5))
                    .until(() -> door.post(TestDoor.BODY).statusCode() == 200);
            assertThat(door.post(TestDoor.BODY).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aRequestThatItsTopicDoesNotTakeClosesTheDoorForNobodyElse() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering();
        try (TestDoor door = TestDoor.before(queue)) {
            queue.failWith(new ChatQueueException("too large", new RecordTooLargeException("secret-host")));
            HttpResponse<String> large = door.post(TestDoor.BODY);
            assertThat(large.statusCode()).isEqualTo(413);
            assertThat(large.body()).contains("too_large").doesNotContain("secret-host");
            queue.failWith(new ChatQueueException("not allowed", new TopicAuthorizationException("chat.requests")));
            assertThat(door.post(TestDoor.BODY).statusCode()).isEqualTo(503);

            queue.failWith(null);
            assertThat(door.post(TestDoor.BODY).statusCode()).isEqualTo(200);
        }
    }

    /** A request that cannot be published blocks its thread for seconds, so a thousand of them must not take turns. */
    @Test
    void requestsBehindThoseThatCouldNotBePublishedAreRefusedAtOnce() throws Exception {
        Semaphore timeouts = new Semaphore(0);
        InMemoryChatQueue away = InMemoryChatQueue.replying(submitted -> {
            timeouts.acquireUninterruptibly();
            throw new ChatQueueException("no answer from Kafka");
        });
        try (TestDoor door = new TestDoor(away, new KeylessRule(true), 1_000, WaitTimes.DEFAULT)) {
            List<CompletableFuture<HttpResponse<String>>> all = Stream.generate(() -> door.postLater(TestDoor.BODY))
                    .limit(100)
                    .toList();
            await().until(() -> gauge(door, "sluice.gateway.waiting.requests") == 100);

            await().until(() -> {
                timeouts.release();
                return all.stream().filter(CompletableFuture::isDone).count() > 50;
            });

            assertThat(away.requests()).hasSizeLessThan(50);
            timeouts.release(100);
            assertThat(all)
                    .allSatisfy(
                            response -> assertThat(response.join().statusCode()).isEqualTo(503));
        }
    }

    private static double gauge(TestDoor door, String name) {
        return door.registry.get(name).gauge().value();
    }

    @Test
    void aFullDoorSaysSo() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = new TestDoor(queue, new KeylessRule(true), 2, TestDoor.TIMES)) {
            List<CompletableFuture<HttpResponse<String>>> waiting = Stream.generate(() -> door.postLater(TestDoor.BODY))
                    .limit(2)
                    .toList();
            await().until(() -> queue.waiting() == 2);

            HttpResponse<String> third = door.post(TestDoor.BODY);
            assertThat(third.statusCode()).isEqualTo(503);
            assertThat(third.headers().firstValue("retry-after")).isPresent();

            queue.releaseAll();
            assertThat(waiting)
                    .allSatisfy(
                            response -> assertThat(response.join().statusCode()).isEqualTo(200));
            CompletableFuture<HttpResponse<String>> after = door.postLater(TestDoor.BODY);
            await().until(() -> queue.waiting() == 1);
            queue.release();
            assertThat(after.join().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aKeyDecidesTenantPriorityAndHowMuch() throws Exception {
        DoorKeys keys = DoorKeys.parse(List.of(
                "web " + DoorKeys.hash("sk-web") + " tenant=shop express max-waiting=1",
                "bulk " + DoorKeys.hash("sk-bulk") + " max-per-second=1"));
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = new TestDoor(queue, new KeyRule(() -> keys), 100, TestDoor.TIMES)) {
            String[] web = {"authorization", "Bearer sk-web"};
            CompletableFuture<HttpResponse<String>> first = door.postLater(TestDoor.BODY, web);
            await().until(() -> queue.waiting() == 1);
            ChatRequest published = queue.requests().get(0);
            assertThat(published.tenant()).contains("shop");
            assertThat(published.priority()).isEqualTo(Priority.EXPRESS);

            HttpResponse<String> second = door.post(TestDoor.BODY, web);
            assertThat(second.statusCode()).isEqualTo(429);
            assertThat(TestDoor.error(second).get("code").asString()).isEqualTo("too_many_waiting");
            queue.release();
            assertThat(first.join().statusCode()).isEqualTo(200);

            Supplier<CompletableFuture<HttpResponse<String>>> bulk =
                    () -> door.postLater(TestDoor.BODY, "authorization", "bearer sk-bulk");
            List<CompletableFuture<HttpResponse<String>>> many =
                    Stream.generate(bulk).limit(5).toList();
            await().until(() -> many.stream().filter(CompletableFuture::isDone).count() >= 3);
            assertThat(queue.requests().get(1).tenant()).contains("bulk");
            queue.releaseAll();
            assertThat(many)
                    .extracting(response -> response.join().statusCode())
                    .contains(200, 429);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "Bearer", "Bearer sk-unknown", "Basic sk-web", "sk-web"})
    void withoutAKnownKeyNothingIsPublished(String authorization) throws Exception {
        DoorKeys keys = DoorKeys.parse(List.of("web " + DoorKeys.hash("sk-web")));
        try (TestDoor door = new TestDoor(TestDoor.answering(), new KeyRule(() -> keys), 100, TestDoor.TIMES)) {
            HttpResponse<String> response = authorization.isEmpty()
                    ? door.post(TestDoor.BODY)
                    : door.post(TestDoor.BODY, "authorization", authorization);

            assertThat(response.statusCode()).isEqualTo(401);
            assertThat(response.body()).doesNotContain("sk-");
            assertThat(door.queue.requests()).isEmpty();
        }
    }

    @Test
    void healthTellsWhetherTheDoorServes() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            assertThat(door.get("/health/live").statusCode()).isEqualTo(200);
            assertThat(door.get("/health/ready").body()).isEqualTo("ok\n");
            assertThat(door.get("/metrics").body()).isEqualTo("metrics");
            assertThat(workers(door)).isEqualTo(1);

            door.workers.alive = OptionalInt.of(0);
            HttpResponse<String> warned = door.get("/health/ready");
            assertThat(warned.statusCode()).isEqualTo(200);
            assertThat(warned.body()).startsWith("ok\n").contains("no worker is alive");
            assertThat(workers(door)).isZero();
            door.workers.alive = OptionalInt.empty();
            assertThat(door.get("/health/ready").body()).isEqualTo("ok\n");
            assertThat(workers(door)).isNaN();

            door.problems.add("Kafka does not answer");
            HttpResponse<String> notReady = door.get("/health/ready");
            assertThat(notReady.statusCode()).isEqualTo(503);
            assertThat(notReady.body()).isEqualTo("Kafka does not answer\n");
            assertThat(door.get("/health/live").statusCode()).isEqualTo(200);
        }
    }

    @Test
    void countsWhatWasAnswered() throws Exception {
        try (TestDoor door = TestDoor.before(TestDoor.answering())) {
            door.post(TestDoor.BODY);
            door.post("{");

            await().untilAsserted(() -> {
                assertThat(count(door, "200", "ok")).isEqualTo(1);
                assertThat(count(door, "400", "invalid_request")).isEqualTo(1);
            });
        }
    }

    private static double workers(TestDoor door) {
        return door.registry.get("sluice.gateway.workers").gauge().value();
    }

    private static double count(TestDoor door, String status, String outcome) {
        return door.registry
                .get("sluice.gateway.requests")
                .tags("route", "chat", "status", status, "outcome", outcome)
                .counter()
                .count();
    }
}
