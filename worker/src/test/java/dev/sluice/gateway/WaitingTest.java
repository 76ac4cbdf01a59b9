package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.Reason;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lets clients wait, go and come back. */
@Timeout(60)
class WaitingTest {
    private static final String STREAM = TestDoor.BODY.replace("{\"model", "{\"stream\":true,\"model");
    private static final String AGAIN = "X-Stainless-Retry-Count: 1\r\n";

    @Test
    void aLongWaitIsAnsweredAfterBytesThatMeanNothing() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            long begun = System.nanoTime();
            client.post("", TestDoor.BODY);

            assertThat(client.head())
                    .contains("200 ok", "content-type: application/json", "transfer-encoding: chunked");
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(TestDoor.COMMIT_AFTER);
            assertThat(client.until("\r\n1\r\n\n\r\n")).isEqualTo("1\r\n\n\r\n1\r\n\n\r\n");
            queue.release();

            assertThat(client.until("0\r\n\r\n")).contains("re m");
        }
    }

    @Test
    void aStreamIsKeptOpenByComments() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.post("", STREAM);

            assertThat(client.head()).contains("200 ok", "content-type: text/event-stream");
            assertThat(client.until(": ping\n")).isEqualTo("7\r\n: ping\n");
            queue.release();

            assertThat(client.until("0\r\n\r\n")).contains("\"content\":\"re m\"", "data: [DONE]\n\n");
        }
    }

    /** An answer of HTTP/1.0 has no chunks and ends with its connection, whatever the client has asked for. */
    @ParameterizedTest
    @ValueSource(strings = {"", "Connection: keep-alive\r\n"})
    void aLongWaitWithHttp10EndsWithTheConnection(String header) throws Exception {
        String head = "POST /v1/chat/completions HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                + header + "Content-Length: " + TestDoor.BODY.length() + "\r\n\r\n";
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.send(head + TestDoor.BODY);
            assertThat(client.head()).contains("200 ok").doesNotContain("transfer-encoding", "content-length");
            queue.release();
            assertThat(client.rest()).startsWith("\n").endsWith("}").contains("re m");
        }

        InMemoryChatQueue failing = TestDoor.failing(Reason.REJECTED, 402).holdReplies();
        try (TestDoor door = TestDoor.before(failing);
                RawConnection client = door.connect()) {
            client.send(head + TestDoor.BODY).head();
            failing.release();
            assertThat(client.isReset()).isTrue();
        }
    }

    @Test
    void aLateFailureCutsTheConnectionAndTheNextTryLearnsTheStatus() throws Exception {
        InMemoryChatQueue queue = TestDoor.failing(Reason.REJECTED, 402).holdReplies();
        try (TestDoor door = TestDoor.before(queue)) {
            try (RawConnection client = door.connect()) {
                client.post("", TestDoor.BODY).head();
                queue.release();
                assertThat(client.isReset()).isTrue();
            }

            HttpResponse<String> again = door.post(TestDoor.BODY, "x-stainless-retry-count", "1");
            assertThat(again.statusCode()).isEqualTo(402);
            assertThat(again.headers().firstValue("x-should-retry")).contains("false");
            assertThat(queue.requests()).hasSize(1);
        }
    }

    @Test
    void aLateFailureOfAStreamIsAnEventOfBothForms() throws Exception {
        InMemoryChatQueue queue = TestDoor.failing(Reason.REJECTED, 402).holdReplies();
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.post("", STREAM).head();
            queue.release();

            assertThat(client.until("0\r\n\r\n"))
                    .contains("data: {\"error\":{", "event: error\ndata: {\"error\":{")
                    .doesNotContain("[DONE]");
        }
    }

    @Test
    void theNextTryOfAClientThatHasGoneGetsTheReply() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = TestDoor.before(queue)) {
            leave(door, "", queue, 1);

            try (RawConnection again = door.connect()) {
                again.post(AGAIN, TestDoor.BODY);
                assertThat(again.head()).contains("200 ok");
                queue.release();
                assertThat(again.until("0\r\n\r\n")).contains("re m");
            }
            assertThat(queue.requests()).hasSize(1);
        }
    }

    @Test
    void aReplyThatComesWhileTheClientIsAwayIsKeptForIt() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = TestDoor.before(queue)) {
            leave(door, "Idempotency-Key: a\r\n", queue, 1);
            queue.release();

            HttpResponse<String> again = door.post(TestDoor.BODY, "idempotency-key", "a");

            assertThat(again.body()).contains("re m");
            assertThat(queue.requests()).hasSize(1);
            assertThat(again.headers().firstValue("x-request-id"))
                    .isEqualTo(queue.requests().get(0).id());
        }
    }

    @Test
    void equalPromptsStayApartUnlessTheyAreTheSameRequest() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = TestDoor.before(queue)) {
            leave(door, "", queue, 1);

            CompletableFuture<HttpResponse<String>> first = door.postLater(TestDoor.BODY);
            await().until(() -> queue.requests().size() == 2);
            var other = door.postLater(TestDoor.BODY.replace("hi", "ho"), "x-stainless-retry-count", "1");
            await().until(() -> queue.requests().size() == 3);
            var key = door.postLater(TestDoor.BODY, "idempotency-key", "a");
            await().until(() -> queue.requests().size() == 4);
            // two tries again, and only one has left a request behind
            var again = door.postLater(TestDoor.BODY, "x-stainless-retry-count", "1");
            var andAgain = door.postLater(TestDoor.BODY, "x-stainless-retry-count", "2");
            await().until(() -> queue.requests().size() == 5);

            queue.releaseAll();
            assertThat(CompletableFuture.allOf(first, other, key, again, andAgain))
                    .succeedsWithin(Duration.ofSeconds(5));
            assertThat(queue.requests()).hasSize(5);
        }
    }

    /** The loop stands still, and finds a request, the end of its connection and the next try when it goes on. */
    @Test
    void aNextTryThatIsReadBeforeTheEndOfTheFirstOneIsStillTheSameRequest() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        CompletableFuture<Void> stands = new CompletableFuture<>();
        CompletableFuture<Void> goesOn = new CompletableFuture<>();
        CallerRule everybody = new KeylessRule(true);
        CallerRule rule = request -> {
            if (request.headers().contains("X-Stand-Still")) {
                stands.complete(null);
                goesOn.join();
            }
            return everybody.check(request);
        };
        try (TestDoor door = new TestDoor(queue, rule, 100, TestDoor.TIMES);
                RawConnection first = door.connect();
                RawConnection again = door.connect();
                RawConnection other = door.connect()) {
            other.post("X-Stand-Still: 1\r\n", TestDoor.BODY.replace("hi", "ho"));
            stands.join();
            first.post("", TestDoor.BODY).close();
            again.post(AGAIN, TestDoor.BODY);
            goesOn.complete(null);

            assertThat(again.head()).contains("200 ok");
            queue.releaseAll();
            assertThat(again.until("0\r\n\r\n")).contains("re m");
            assertThat(queue.requests()).hasSize(2);
        }
    }

    /** An Idempotency-Key is one of its caller and of one body: another caller, or another body, is another request. */
    @Test
    void nobodyElseGetsTheReplyOfAClientThatHasGone() throws Exception {
        DoorKeys keys = DoorKeys.parse(List.of("a " + DoorKeys.hash("sk-a"), "b " + DoorKeys.hash("sk-b")));
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = new TestDoor(queue, new KeyRule(() -> keys), 100, TestDoor.TIMES)) {
            leave(door, "Authorization: Bearer sk-a\r\nIdempotency-Key: 1\r\n", queue, 1);

            var another = door.postLater(TestDoor.BODY, "authorization", "Bearer sk-b", "idempotency-key", "1");
            await().until(() -> queue.requests().size() == 2);
            String body = TestDoor.BODY.replace("hi", "ho");
            var other = door.postLater(body, "authorization", "Bearer sk-a", "idempotency-key", "1");
            await().until(() -> queue.requests().size() == 3);
            var own = door.postLater(TestDoor.BODY, "authorization", "Bearer sk-a", "idempotency-key", "1");
            await().until(() -> orphans(door) == 0);
            queue.releaseAll();

            assertThat(id(own.join())).isEqualTo(queue.requests().get(0).id());
            assertThat(id(another.join())).isEqualTo(queue.requests().get(1).id());
            assertThat(id(other.join())).isEqualTo(queue.requests().get(2).id());
            assertThat(queue.requests()).hasSize(3);
        }
    }

    private static Optional<String> id(HttpResponse<String> response) {
        return response.headers().firstValue("x-request-id");
    }

    @Test
    void anOrphanIsForgottenAfterAWhile() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = TestDoor.before(queue)) {
            leave(door, "", queue, 1);
            await().until(() -> orphans(door) == 0);

            var again = door.postLater(TestDoor.BODY, "x-stainless-retry-count", "1");
            await().until(() -> queue.requests().size() == 2);
            queue.releaseAll();
            assertThat(again.join().statusCode()).isEqualTo(200);
        }
    }

    @Test
    void aRequestWhoseTimeIsOverIsNotToBeSentAgain() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = TestDoor.before(queue)) {
            var response = door.postLater(TestDoor.BODY);
            await().until(() -> queue.waiting() == 1);
            queue.timeOut();

            assertThat(response.join().statusCode()).isEqualTo(504);
            assertThat(response.join().headers().firstValue("x-should-retry")).contains("false");
        }
    }

    @Test
    void aDrainingDoorLetsRequestsEndAndTakesNoOther() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.post("", TestDoor.BODY);
            await().until(() -> queue.waiting() == 1);

            CompletableFuture<Void> drained =
                    CompletableFuture.runAsync(() -> door.gateway.drain(Duration.ofSeconds(20)));
            await().until(() -> door.get("/health/ready").statusCode() == 503);
            HttpResponse<String> refused = door.post(TestDoor.BODY);
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.headers().firstValue("retry-after")).contains("1");
            assertThat(refused.headers().firstValue("connection")).contains("close");
            assertThat(drained).isNotDone();

            queue.release();
            assertThat(client.head()).contains("200 ok");
            assertThat(drained).succeedsWithin(Duration.ofSeconds(5));
        }
    }

    @Test
    void aDrainWaitsUntilAnAnswerIsTaken() throws Exception {
        byte[] large = new byte[16 << 20];
        WaitTimes times = new WaitTimes(
                TestDoor.TIMES.commitAfter(),
                TestDoor.TIMES.keepAliveEvery(),
                TestDoor.TIMES.orphanFor(),
                TestDoor.TIMES.outcomeKeptFor(),
                TestDoor.TIMES.uploadWithin(),
                Duration.ofSeconds(30));
        InMemoryChatQueue queue = InMemoryChatQueue.replying(submitted -> ChatReplies.ok(submitted, large));
        try (TestDoor door = new TestDoor(queue, new KeylessRule(true), 10, times);
                RawConnection client = door.connect()) {
            client.post("", TestDoor.BODY);
            await().until(() -> door.registry
                            .get("sluice.gateway.open.answer.bytes")
                            .gauge()
                            .value()
                    > 0);

            CompletableFuture<Void> drained =
                    CompletableFuture.runAsync(() -> door.gateway.drain(Duration.ofSeconds(30)));
            assertThatThrownBy(() -> drained.get(500, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);

            assertThat(client.head()).contains("200 ok");
            assertThat(client.bytes(large.length)).hasSize(large.length);
            assertThat(drained).succeedsWithin(Duration.ofSeconds(5));
        }
    }

    @Test
    void aBodyThatEndsDuringTheDrainIsNotPublished() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering();
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.send(HostileClientTest.HEAD + "Content-Length: " + TestDoor.BODY.length() + "\r\n\r\n{");
            await().until(() ->
                    door.registry.get("sluice.gateway.upload.bytes").gauge().value() == 1);

            door.gateway.drain(Duration.ofSeconds(20));
            client.send(TestDoor.BODY.substring(1));

            assertThat(client.head()).contains("503", "retry-after: 1", "connection: close");
            assertThat(queue.requests()).isEmpty();
        }
    }

    @Test
    void whatWaitsAfterTheDrainIsToldToTryElsewhere() throws Exception {
        InMemoryChatQueue queue = TestDoor.answering().holdReplies();
        WaitTimes times = new WaitTimes(
                Duration.ofSeconds(3),
                TestDoor.TIMES.keepAliveEvery(),
                TestDoor.TIMES.orphanFor(),
                TestDoor.TIMES.outcomeKeptFor(),
                TestDoor.TIMES.uploadWithin(),
                TestDoor.TIMES.writeWithin());
        try (TestDoor door = new TestDoor(queue, new KeylessRule(true), 10, times);
                RawConnection early = door.connect();
                RawConnection late = door.connect()) {
            late.post("", TestDoor.BODY).head();
            early.post("", TestDoor.BODY);
            await().until(() -> queue.waiting() == 2);

            door.gateway.drain(Duration.ofMillis(1));

            assertThat(early.head()).contains("503", "retry-after: 1", "connection: close");
            assertThat(late.isReset()).isTrue();
        }
    }

    /** Sends a request and goes before it is answered. */
    private static void leave(TestDoor door, String headers, InMemoryChatQueue queue, int waiting) throws Exception {
        try (RawConnection client = door.connect()) {
            client.post(headers, TestDoor.BODY);
            await().until(() -> queue.waiting() == waiting);
        }
        await().until(() -> orphans(door) == 1);
    }

    private static double orphans(TestDoor door) {
        return door.registry.get("sluice.gateway.orphans").gauge().value();
    }
}
