package dev.sluice.worker.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.call.CallResult.Failed;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pieces.PieceStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Plays what an API does to a streamed call. */
@Timeout(60)
class StreamedCallTest {
    private static final Duration PATIENT = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final int MAX_BYTES = 100_000;
    private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n";
    private static final String HI =
            "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hi\"}}]}\n\n";
    private static final String STOP =
            "data: {\"id\":\"1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    private static final String DONE = "data: [DONE]\n\n";
    private final BlockingQueue<CallResult> results = new LinkedBlockingQueue<>();
    private final BlockingQueue<Throwable> deaths = new LinkedBlockingQueue<>();
    private final List<String> pieces = new CopyOnWriteArrayList<>();
    private final AtomicInteger begun = new AtomicInteger();
    private final List<Long> produced = new CopyOnWriteArrayList<>();
    private volatile boolean isSeen;

    private final StreamProgress progress = new StreamProgress() {
        @Override
        public void begun() {
            begun.incrementAndGet();
        }

        @Override
        public void produced(long tokens) {
            produced.add(tokens);
        }
    };

    private final PieceStream stream = new PieceStream() {
        @Override
        public void add(String call, long number, byte[] chunk) {
            pieces.add(call + " " + number + " " + new String(chunk, UTF_8));
        }

        @Override
        public boolean isPublished() {
            return isSeen;
        }
    };

    @ParameterizedTest
    @ValueSource(
            strings = {
                HI + STOP + DONE,
                HI + STOP,
                ": keep-alive\n\n" + HI + ": keep-alive\n" + STOP + DONE,
                HI + DONE,
                HI + STOP + "data: [DONE]"
            })
    void aStreamThatIsCompleteIsTheWholeAnswer(String events) throws Exception {
        Answered answer = (Answered) call(HEAD + events);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(content(answer)).isEqualTo("hi");
        assertThat(answer.headers()).containsEntry("content-type", "text/event-stream; charset=utf-8");
        assertThat(answer.stream().orElseThrow().call()).matches("[0-9a-f]{16}");
        assertThat(answer.stream().orElseThrow().hasBegun()).isTrue();
        assertThat(answer.stream().orElseThrow().tokens()).isBetween(1L, 20L);
        assertThat(begun).hasValue(1);
        assertThat(pieces.get(0))
                .startsWith(answer.stream().orElseThrow().call() + " 0 {\"id\":\"1\"")
                .endsWith("}");
        assertThat(pieces).hasSize(events.contains("stop") ? 2 : 1);
    }

    /** A token has some four bytes. */
    @Test
    void tellsHowMuchHasComeNowAndThen() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(HEAD);
                    for (int i = 0; i < 100; i++) {
                        connection.write(HI.replace("hi", "some words".repeat(4)));
                    }
                    connection.write(STOP + DONE);
                });
                ApiClient client = client(server, PATIENT)) {
            Answered answer = (Answered) call(client);

            long all = answer.stream().orElseThrow().tokens();
            assertThat(all).isBetween(990L, 1_020L);
            assertThat(begun).hasValue(1);
            assertThat(produced).isSorted().doesNotHaveDuplicates().hasSizeBetween(1, 16);
            assertThat(produced.get(produced.size() - 1)).isBetween(all - 64, all);
        }
    }

    @Test
    void aStreamThatIsNotSaidToBeOneIsNoAnswer() throws Exception {
        Answered answer = (Answered) call("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + HI + STOP + DONE);

        assertThat(answer.stream()).isEmpty();
        assertThat(new String(answer.body(), UTF_8)).startsWith("data: ");
    }

    @Test
    void jsonInPlaceOfAStreamIsTheWholeAnswer() throws Exception {
        String json = "{\"choices\":[{\"message\":{\"content\":\"hi\"}}]}";

        Answered answer = (Answered) call("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + json);

        assertThat(new String(answer.body(), UTF_8)).isEqualTo(json);
        assertThat(answer.stream()).isEmpty();
        assertThat(begun).hasValue(0);
        assertThat(pieces).isEmpty();
    }

    @Test
    void anErrorIsNoStreamWhateverItsType() throws Exception {
        Answered answer = (Answered)
                call("HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/event-stream\r\n\r\n{\"error\":{}}");

        assertThat(new String(answer.body(), UTF_8)).isEqualTo("{\"error\":{}}");
        assertThat(answer.stream()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "data: {'error':{'code':503}}               | {'error':{'code':503}}",
                "data: {'id':'1','error':'overloaded'}      | {'id':'1','error':'overloaded'}",
                "event: error/data: {'message':'m'}         | {'error':{'message':'m'}}",
                "event: error/data: {'error':{'message':1}} | {'error':{'message':1}}",
                "event: error/data: Bad gateway             | {'error':'Bad gateway'}",
                "event: error/data: 'Bad gateway'           | {'error':'Bad gateway'}"
            })
    void anErrorEventIsTheAnswer(String event, String body) throws Exception {
        String data = event.replace('\'', '"').replace("/", "\n") + "\n\n";

        Answered answer = (Answered) call(HEAD + HI + data + STOP + DONE);

        assertThat(new String(answer.body(), UTF_8)).isEqualTo(body.replace('\'', '"'));
        assertThat(answer.stream().orElseThrow().hasBegun()).isTrue();
        assertThat(pieces).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", HI, HI + "data: {\"id\":", HI + "data", HI + ": keep-alive\n\n", ": keep-alive\n\n"})
    void aStreamThatEndsEarlyIsABrokenConnectionThatMayHaveCost(String events) throws Exception {
        isSeen = true;

        Failed failed = (Failed) call(HEAD + events);

        assertThat(failed.error()).isEqualTo("connection");
        assertThat(failed.message()).isEqualTo("the stream ended before the answer was complete");
        assertThat(failed.mayHaveCost()).isTrue();
        assertThat(failed.stream().orElseThrow().hasBegun()).isEqualTo(events.startsWith(HI));
        assertThat(failed.stream().orElseThrow().isPublished()).isTrue();
    }

    @Test
    void aConnectionThatBreaksBeforeTheEndOfTheStreamIsAFailure() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(HEAD.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n"));
                    connection.write(chunk(HI));
                    awaitPiece();
                    connection.reset();
                });
                ApiClient client = client(server, PATIENT)) {
            Failed failed = (Failed) call(client);

            assertThat(failed.error()).isEqualTo("connection");
            assertThat(failed.mayHaveCost()).isTrue();
            assertThat(failed.stream().orElseThrow().hasBegun()).isTrue();
        }
    }

    @Test
    void aConnectionThatBreaksBehindACompleteStreamIsNoFailure() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(HEAD.replace("\r\n\r\n", "\r\nTransfer-Encoding: chunked\r\n\r\n"));
                    connection.write(chunk(HI + STOP));
                    awaitPiece();
                    connection.reset();
                });
                ApiClient client = client(server, PATIENT)) {
            assertThat(content((Answered) call(client))).isEqualTo("hi");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {HI + STOP, HI + DONE})
    void anApiThatKeepsACompleteStreamOpenIsNotWaitedFor(String events) throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(HEAD + events);
                    connection.awaitEnd();
                });
                ApiClient client = client(server, PATIENT)) {
            Answered answer = (Answered) call(client);

            assertThat(content(answer)).isEqualTo("hi");
            assertThat(answer.tookMillis()).isLessThan(PATIENT.toMillis() / 2);
            await().until(() -> server.open() == 0);
        }
    }

    @Test
    void aStreamThatFallsSilentTimesOut() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(HEAD + HI);
                    connection.awaitEnd();
                });
                ApiClient client = client(server, SHORT)) {
            Failed failed = (Failed) call(client);

            assertThat(failed.error()).isEqualTo("timeout");
            assertThat(failed.message()).isEqualTo("timed out after 500 ms without a byte of the stream");
            assertThat(failed.mayHaveCost()).isTrue();
            assertThat(failed.stream().orElseThrow().hasBegun()).isTrue();
        }
    }

    /** The API may think for longer than a call without a stream may take, as long as it says so. */
    @Test
    void aStreamMayLastForLongerThanTheTimeoutOfACall() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(HEAD + HI);
                    for (int i = 0; i < 15; i++) {
                        drip(connection);
                    }
                    connection.write(STOP + DONE);
                });
                ApiClient client = client(server, SHORT)) {
            Answered answer = (Answered) call(client);

            assertThat(content(answer)).isEqualTo("hi");
            assertThat(answer.tookMillis()).isGreaterThan(SHORT.toMillis());
        }
    }

    @Test
    void aStreamWithoutEndTimesOutAllTheSame() throws Exception {
        Duration total = Duration.ofMillis(700);
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(HEAD + HI);
                    while (true) {
                        drip(connection);
                    }
                });
                ApiClient client = client(server, new ApiClient.Bounds(PATIENT, total, 10, MAX_BYTES, 1 << 20))) {
            Failed failed = (Failed) call(client);

            assertThat(failed.error()).isEqualTo("timeout");
            assertThat(failed.message()).isEqualTo("timed out after 700 ms of the stream");
        }
    }

    @Test
    void aStreamThatIsLargerThanTheMaximumIsTooLarge() throws Exception {
        String word = HI.replace("hi", "x".repeat(10_000));

        Failed failed = (Failed) call(HEAD + word.repeat(11));

        assertThat(failed.error()).isEqualTo("response_too_large");
    }

    @Test
    void aLineWithoutEndIsTooLarge() throws Exception {
        Failed failed = (Failed) call(HEAD + "data: " + "x".repeat(MAX_BYTES));

        assertThat(failed.error()).isEqualTo("response_too_large");
    }

    @ParameterizedTest
    @ValueSource(strings = {"data: nonsense\n\n", "data: [1]\n\n", "data: {\"id\":\n\n"})
    void aChunkThatIsNoJsonIsAnUnusableAnswer(String event) throws Exception {
        Failed failed = (Failed) call(HEAD + HI + event + STOP + DONE);

        assertThat(failed.error()).isEqualTo("unusable_body");
        assertThat(failed.mayHaveCost()).isTrue();
    }

    @Test
    void aPackedStreamIsReadAtItsEnd() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream zip = new GZIPOutputStream(packed)) {
            zip.write((HI + STOP + DONE).getBytes(UTF_8));
        }
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(HEAD.replace("\r\n\r\n", "\r\nContent-Encoding: gzip\r\n\r\n"));
                    connection.write(packed.toByteArray());
                });
                ApiClient client = client(server, PATIENT)) {
            assertThat(content((Answered) call(client))).isEqualTo("hi");
            assertThat(pieces).hasSize(2);
        }
    }

    private CallResult call(String answer) throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(answer);
                });
                ApiClient client = client(server, PATIENT)) {
            CallResult result = call(client);
            assertThat(deaths).isEmpty();
            return result;
        }
    }

    private CallResult call(ApiClient client) throws InterruptedException {
        Request request = Requests.ofModel("m").build();
        client.call(request, Map.of(), stream, () -> {}, progress, (of, result) -> results.add(result));
        CallResult result = results.poll(PATIENT.toSeconds(), TimeUnit.SECONDS);
        assertThat(result).as("a call's end").isNotNull();
        return result;
    }

    private ApiClient client(RawServer server, Duration timeout) {
        return client(server, new ApiClient.Bounds(timeout, 10, MAX_BYTES, 1 << 20));
    }

    private ApiClient client(RawServer server, ApiClient.Bounds bounds) {
        return new ApiClient(ApiClient.Target.of(URI.create(server.baseUrl())), () -> "key", bounds, deaths::add);
    }

    private void awaitPiece() {
        await().until(() -> !pieces.isEmpty());
    }

    private static void drip(RawServer.Connection connection) throws IOException {
        LockSupport.parkNanos(50_000_000);
        connection.write(": still there\n\n");
    }

    private static String chunk(String text) {
        return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    private static String content(Answered answer) {
        JsonNode body = JsonMapper.shared().readTree(answer.body());
        assertThat(body.path("object").stringValue()).isEqualTo("chat.completion");
        return body.at("/choices/0/message/content").stringValue();
    }
}
