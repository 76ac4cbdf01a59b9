package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.gateway.PlayedQueue.Played;
import dev.sluice.wire.Reason;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Relays answers that a worker makes piece by piece. */
@Timeout(60)
class RelayedStreamTest {
    private static final String STREAM = TestDoor.BODY.replace("{\"model", "{\"stream\":true,\"model");
    private static final String WITH_USAGE =
            STREAM.replace("{\"stream\"", "{\"stream_options\":{\"include_usage\":true},\"stream\"");
    private static final Pattern CONTENT = Pattern.compile("\"content\":\"([0-9]*)\"");
    private static final String AGAIN = "X-Stainless-Retry-Count: 1\r\n";

    private final PlayedQueue queue = new PlayedQueue();

    @Test
    void piecesReachTheClientAsTheyComeAndTheEndWaitsForTheReply() throws Exception {
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.post("", STREAM);
            Played stream = queue.stream(1).piece("Hel");

            assertThat(client.head()).contains("200 ok", "content-type: text/event-stream", "x-accel-buffering: no");
            assertThat(client.until("\n\n")).contains("data: {\"id\":\"i\"", "\"content\":\"Hel\"");
            stream.piece("lo");
            assertThat(client.until("\n\n")).contains("\"content\":\"lo\"").doesNotContain("usage");
            stream.reply(PlayedQueue.CALL, "Hello!");

            assertThat(client.until("0\r\n\r\n"))
                    .contains("\"content\":\"!\"", "\"finish_reason\":\"stop\"", "data: [DONE]\n\n")
                    .doesNotContain("usage", "eos");
        }
    }

    @Test
    void usageIsInAChunkOfItsOwnForWhoAsksForIt() throws Exception {
        try (TestDoor door = TestDoor.before(queue)) {
            CompletableFuture<HttpResponse<String>> response = door.postLater(WITH_USAGE);
            queue.stream(1).piece("a").reply(PlayedQueue.CALL, "ab");

            List<JsonNode> chunks = chunks(response.join().body());
            JsonNode last = chunks.remove(chunks.size() - 1);
            assertThat(last.get("choices")).isEmpty();
            assertThat(last.at("/usage/total_tokens").asInt()).isEqualTo(3);
            assertThat(chunks)
                    .hasSize(3)
                    .allSatisfy(chunk -> assertThat(chunk.get("usage").isNull()).isTrue());
            assertThat(response.join().body()).endsWith("data: [DONE]\n\n");
        }
    }

    @Test
    void aFailureBeforeTheFirstPieceHasItsOwnStatus() throws Exception {
        try (TestDoor door = TestDoor.before(queue)) {
            CompletableFuture<HttpResponse<String>> response = door.postLater(STREAM);
            queue.stream(1).fail(Reason.TOO_LARGE);

            assertThat(response.join().statusCode()).isEqualTo(413);
        }
    }

    @Test
    void aFailureAfterThatIsAnEventOfBothForms() throws Exception {
        try (TestDoor door = TestDoor.before(queue)) {
            CompletableFuture<HttpResponse<String>> response = door.postLater(STREAM);
            queue.stream(1).piece("a").fail(Reason.STREAM_CUT);

            assertThat(response.join().body())
                    .contains("data: {\"error\":{", "event: error\ndata: {\"error\":{")
                    .doesNotContain("[DONE]");
        }
    }

    @Test
    void anotherCallAfterATextIsAnErrorAndTheRequestIsCancelled() throws Exception {
        try (TestDoor door = TestDoor.before(queue)) {
            CompletableFuture<HttpResponse<String>> response = door.postLater(STREAM);
            Played stream = queue.stream(1).piece("a").piece("00000000000000bb", 0, "b");

            assertThat(response.join().body())
                    .contains("\"content\":\"a\"", "event: error\ndata: {\"error\":{", "stream_cut")
                    .doesNotContain("\"content\":\"b\"", "[DONE]");
            await().until(stream.asked::isCancelled);
        }
    }

    @Test
    void theNextTryOfAClientThatHasGoneIsShownTheTextFromTheBeginning() throws Exception {
        try (TestDoor door = TestDoor.before(queue)) {
            Played stream = leaveAfter("Hel", door);
            stream.piece("lo");

            try (RawConnection again = door.connect()) {
                again.post(AGAIN, STREAM);
                assertThat(again.head()).contains("200 ok", "text/event-stream");
                assertThat(again.until("Hello\"}")).contains("\"role\":\"assistant\"");
                stream.piece(", you");
                assertThat(again.until("\n\n")).doesNotContain("Hel");
                assertThat(again.until("\n\n")).contains("\"content\":\", you\"");
                stream.reply(PlayedQueue.CALL, "Hello, you!");
                assertThat(again.until("0\r\n\r\n")).contains("\"content\":\"!\"", "data: [DONE]\n\n");
            }
            assertThat(queue.begun()).isEqualTo(1);
        }
    }

    @Test
    void aStreamThatEndsWhileItsClientIsAwayIsKeptForIt() throws Exception {
        try (TestDoor door = TestDoor.before(queue)) {
            Played stream = leaveAfter("Hel", door);
            stream.reply(PlayedQueue.CALL, "Hello");
            await().until(() -> waiting(door) == 0);

            HttpResponse<String> again = door.post(STREAM, "x-stainless-retry-count", "1");

            assertThat(again.body())
                    .contains("\"content\":\"Hello\"", "\"finish_reason\":\"stop\"")
                    .endsWith("data: [DONE]\n\n");
            assertThat(queue.begun()).isEqualTo(1);
        }
    }

    @Test
    void whatNobodyReadsAnyMoreIsCancelled() throws Exception {
        try (TestDoor door = TestDoor.before(queue)) {
            Played stream = leaveAfter("Hel", door);

            await().until(stream.asked::isCancelled);
            await().until(() -> waiting(door) == 0);
        }
    }

    @Test
    void commentsKeepAStreamOpenBetweenPieces() throws Exception {
        try (TestDoor door = TestDoor.before(queue);
                RawConnection client = door.connect()) {
            client.post("", STREAM);
            Played stream = queue.stream(1).piece("a");
            client.head();

            assertThat(client.until(": ping\n\r\n")).contains("\"content\":\"a\"");
            stream.piece("b").reply(PlayedQueue.CALL, "ab");
            assertThat(client.until("0\r\n\r\n")).contains("\"content\":\"b\"", "data: [DONE]\n\n");
        }
    }

    /** The rest waits in the reply, where it is anyway, and is counted there. */
    @Test
    void aClientThatReadsSlowlyGetsAllOfALongAnswer() throws Exception {
        String text = "0123456789".repeat(1 << 20);
        WaitTimes patient = new WaitTimes(
                TestDoor.TIMES.commitAfter(),
                TestDoor.TIMES.keepAliveEvery(),
                TestDoor.TIMES.orphanFor(),
                TestDoor.TIMES.outcomeKeptFor(),
                TestDoor.TIMES.uploadWithin(),
                Duration.ofSeconds(30));
        try (TestDoor door = TestDoor.before(queue, patient);
                RawConnection client = door.connect()) {
            client.post("Connection: close\r\n", STREAM);
            Played stream = queue.stream(1).piece("0123");
            assertThat(client.head()).contains("200 ok");
            stream.reply(PlayedQueue.CALL, text);
            await().until(() -> held(door) > text.length());
            assertThat(held(door)).isLessThan(text.length() + (1 << 20));

            StringBuilder shown = new StringBuilder();
            CONTENT.matcher(client.rest()).results().forEach(content -> shown.append(content.group(1)));
            assertThat(shown.toString().equals(text)).isTrue();
            await().until(() -> held(door) == 0);
        }
    }

    private Played leaveAfter(String text, TestDoor door) throws Exception {
        Played stream;
        try (RawConnection client = door.connect()) {
            client.post("", STREAM);
            stream = queue.stream(1).piece(text);
            assertThat(client.until("\"content\":\"" + text)).contains("200 OK");
        }
        await().until(() -> door.registry.get("sluice.gateway.orphans").gauge().value() == 1);
        return stream;
    }

    private static double waiting(TestDoor door) {
        return door.registry.get("sluice.gateway.waiting.requests").gauge().value();
    }

    private static double held(TestDoor door) {
        return door.registry.get("sluice.gateway.open.answer.bytes").gauge().value();
    }

    private static List<JsonNode> chunks(String events) {
        List<JsonNode> chunks = new ArrayList<>();
        for (String event : events.split("\n\n", -1)) {
            if (event.startsWith("data: {")) {
                chunks.add(JsonMapper.shared().readTree(event.substring("data: ".length())));
            }
        }
        return chunks;
    }
}
