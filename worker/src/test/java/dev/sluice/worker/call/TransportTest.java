package dev.sluice.worker.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.worker.LogLines;
import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.call.CallResult.Cancelled;
import dev.sluice.worker.call.CallResult.Failed;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pieces.PieceStream;
import io.vertx.core.Vertx;
import io.vertx.core.http.impl.HttpClientResponseImpl;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plays what servers and edges do to connections. */
@Timeout(60)
class TransportTest {
    private static final Duration PATIENT = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(500);
    private static final int MAX_BYTES = 100_000;
    private static final String COMPLETION = "{\"choices\":[{\"message\":{\"content\":\"hi\"}}]}";

    private final BlockingQueue<CallResult> results = new LinkedBlockingQueue<>();
    private final BlockingQueue<Throwable> deaths = new LinkedBlockingQueue<>();

    @Test
    void callsOneAfterTheOtherShareAConnection() throws Exception {
        try (RawServer server = new RawServer(TransportTest::answerAll);
                ApiClient client = client(server)) {
            for (int i = 0; i < 5; i++) {
                assertThat(call(client, i)).isInstanceOf(Answered.class);
            }

            assertThat(server.accepted()).isEqualTo(1);
        }
    }

    @Test
    void anAddressOfIpVersion6IsCalledDirectlyAndThroughAProxyAndNamed() throws Exception {
        try (RawServer server = onIpVersion6(TransportTest::answerAll);
                ApiClient client = client("http://[::1]:" + server.port() + "/v1", PATIENT)) {
            assertThat(call(client, 0)).isInstanceOf(Answered.class);
            assertThat(call(client, 1)).isInstanceOf(Answered.class);

            assertThat(server.accepted()).isEqualTo(1);
            assertThat(server.requests().get(0)).containsIgnoringCase("\r\nhost: [::1]:" + server.port() + "\r\n");
        }
        for (String scheme : List.of("http", "https")) {
            try (RawServer proxy = onIpVersion6(connection -> {
                        connection.read();
                        connection.answer("503 Service Unavailable", new byte[0]);
                    });
                    ApiClient client = client(
                            new ApiClient.Target(
                                    URI.create(scheme + "://api.test/v1"),
                                    Optional.of(new ApiProxy("::1", proxy.port(), Optional.empty(), "")),
                                    List.of()),
                            PATIENT,
                            64L << 20)) {
                CallResult result = call(client, 0);

                assertThat(proxy.requests()).as(result.toString()).hasSize(1);
            }
        }
        try (ApiClient client = client("http://[::1]:" + freePort() + "/v1", PATIENT)) {
            assertThat(((Failed) call(client, 0)).message()).startsWith("Connection refused by [0:0:0:0:0:0:0:1]:");
        }
    }

    @Test
    void aClientThatIsClosedDuringItsWarmUpLogsNoFailure() throws Exception {
        try (LogLines log = new LogLines(HttpClientResponseImpl.class)) {
            for (int i = 0; i < 20; i++) {
                CompletableFuture<Void> warm;
                try (ApiClient client = client("http://localhost:1/v1", PATIENT)) {
                    warm = client.warmUp(task -> new Thread(task).start(), Duration.ofSeconds(5));
                    Thread.sleep(10 + 2L * i);
                }
                warm.get(10, TimeUnit.SECONDS);
            }
            assertThat(log.all()).isEmpty();
        }
    }

    private static RawServer onIpVersion6(RawServer.Script script) throws IOException {
        try {
            return new RawServer(new ServerSocket(), InetAddress.getAllByName("::1")[0], script);
        } catch (IOException e) {
            return Assumptions.abort("this machine has no IPv6: " + e);
        }
    }

    @Test
    void aCallOnAKeptConnectionThatTheServerJustClosesIsMadeAgain() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer(COMPLETION);
                    // The next request meets a connection that closes at this very moment.
                    connection.read();
                });
                ApiClient client = client(server)) {
            for (int i = 0; i < 40; i++) {
                assertThat(call(client, i)).isInstanceOf(Answered.class);
            }

            assertThat(results).isEmpty();
        }
    }

    @Test
    void aCallOnAKeptConnectionThatIsResetIsMadeAgain() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer(COMPLETION);
                    connection.read();
                    connection.reset();
                });
                ApiClient client = client(server)) {
            for (int i = 0; i < 10; i++) {
                assertThat(call(client, i)).isInstanceOf(Answered.class);
            }
        }
    }

    @Test
    void manyKeptConnectionsThatAllTurnOutStaleCostNoCall() throws Exception {
        int calls = 50;
        try (RawServer server = new RawServer(connection -> {
                    boolean isFromBefore = connection.number() <= calls;
                    connection.read();
                    connection.answer(COMPLETION);
                    if (isFromBefore) {
                        connection.read();
                    } else {
                        answerAll(connection);
                    }
                });
                ApiClient client = client(server)) {
            for (int round = 0; round < 2; round++) {
                for (int i = 0; i < calls; i++) {
                    client.call(
                            request(round * calls + i),
                            Map.of(),
                            PieceStream.NONE,
                            () -> {},
                            StreamProgress.NONE,
                            this::done);
                }
                for (int i = 0; i < calls; i++) {
                    assertThat(next()).isInstanceOf(Answered.class);
                }
            }
        }
    }

    @Test
    void aCallIsMadeAgainOnceOnly() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    if (connection.number() == 1) {
                        connection.answer(COMPLETION);
                        connection.read();
                    }
                });
                ApiClient client = client(server)) {
            call(client, 0);

            Failed failed = (Failed) call(client, 1);

            assertThat(failed.error()).isEqualTo("connection");
            assertThat(failed.message()).isEqualTo("connection closed before the answer was complete");
            assertThat(failed.mayHaveCost()).isFalse();
            assertThat(server.requests()).hasSize(3);
        }
    }

    @Test
    void aCallOnANewConnectionIsNotMadeAgain() throws Exception {
        try (RawServer server = new RawServer(RawServer.Connection::read);
                ApiClient client = client(server)) {
            assertThat(call(client, 0)).isInstanceOf(Failed.class);
            assertThat(server.requests()).hasSize(1);
        }
    }

    /** A balancer whose servers are all away behaves in this way, too. */
    @ParameterizedTest
    @ValueSource(strings = {"close", "read and close", "reset", "read and reset"})
    void aConnectionThatIsCutAtOnceHasCostNothing(String cut) throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    if (cut.startsWith("read")) {
                        connection.read();
                    }
                    if (cut.endsWith("reset")) {
                        connection.reset();
                    }
                });
                ApiClient client = client(server)) {
            for (int i = 0; i < 10; i++) {
                Failed failed = (Failed) call(client, i);

                assertThat(failed.error()).isEqualTo("connection");
                assertThat(failed.mayHaveCost()).as(failed.message()).isFalse();
            }
        }
    }

    @Test
    void aConnectionThatIsCutAfterSomeTimeMayHaveCost() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    await().pollDelay(Duration.ofMillis(1_500)).until(() -> true);
                });
                ApiClient client = client(server)) {
            assertThat(((Failed) call(client, 0)).mayHaveCost()).isTrue();
        }
    }

    @Test
    void aCallWhoseAnswerHasBegunIsNotMadeAgain() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer(COMPLETION);
                    connection.read();
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"choi");
                });
                ApiClient client = client(server)) {
            call(client, 0);

            assertThat(call(client, 1)).isInstanceOf(Failed.class);
            assertThat(server.requests()).hasSize(2);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.1 200 OK\r\nContent-Length: ", "nonsense\r\n\r\n", "HTTP/1.1 200 OK\r\n"})
    void aCallWhoseAnswerHasBegunOnAKeptConnectionIsNotMadeAgain(String begun) throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer(COMPLETION);
                    connection.read();
                    connection.write(begun);
                });
                ApiClient client = client(server)) {
            call(client, 0);

            assertThat(((Failed) call(client, 1)).mayHaveCost()).isTrue();
            assertThat(server.requests()).hasSize(2);
        }
    }

    /** It had been on its way before the request came. */
    @Test
    void aKeptConnectionThatSaysItWasIdleTooLongIsNoAnswer() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer(COMPLETION);
                    connection.read();
                    connection.answer("408 Request Timeout\r\nConnection: close", new byte[0]);
                });
                ApiClient client = client(server)) {
            for (int i = 0; i < 5; i++) {
                assertThat(((Answered) call(client, i)).status()).isEqualTo(200);
            }
        }
    }

    @Test
    void anApiThatAlwaysAnswers408IsCalledOnce() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    while (connection.read().isPresent()) {
                        connection.answer("408 Request Timeout", new byte[0]);
                    }
                });
                ApiClient client = client(server)) {
            assertThat(((Answered) call(client, 0)).status()).isEqualTo(408);
            assertThat(((Answered) call(client, 1)).status()).isEqualTo(408);
            assertThat(server.requests()).hasSize(3);
        }
    }

    @Test
    void aCancelledCallLeavesTheHeartbeatAlone() throws Exception {
        try (RawServer server = new RawServer(TransportTest::answerAll);
                ApiClient client = client(server)) {
            BlockingQueue<Long> beats = new LinkedBlockingQueue<>();
            client.beat(() -> beats.add(1L));
            for (int i = 0; i < 20; i++) {
                client.call(request(i), Map.of(), PieceStream.NONE, () -> {}, StreamProgress.NONE, this::done);
                client.cancel(Set.of(Requests.ASSIGNMENT));
            }
            beats.clear();

            assertThat(beats.poll(30, TimeUnit.SECONDS)).isNotNull();
        }
    }

    @Test
    void idleConnectionsAreLetGoAndTheSystemWatchesTheOthers() {
        assertThat(ApiConnections.options(ApiClient.Target.of(URI.create("https://api.test/v1"))))
                .satisfies(options -> {
                    assertThat(options.getKeepAliveTimeout()).isEqualTo(30);
                    assertThat(options.isTcpKeepAlive()).isTrue();
                    assertThat(options.isVerifyHost()).isTrue();
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"timeout=3600", "timeout=0", "max=1000"})
    void idleConnectionsAreLetGoWhateverTheServerSays(String keepAlive) throws Exception {
        CountDownLatch answer = new CountDownLatch(1);
        AtomicInteger received = new AtomicInteger();
        try (RawServer server = new RawServer(connection -> {
                    while (connection.read().isPresent()) {
                        if (received.incrementAndGet() == 2) {
                            untilOpen(answer);
                        }
                        connection.answer("200 OK\r\nKeep-Alive: " + keepAlive, COMPLETION.getBytes(UTF_8));
                    }
                });
                ApiClient client = new ApiClient(
                        ApiClient.Target.of(URI.create(server.baseUrl())),
                        () -> "sk-test",
                        new ApiClient.Bounds(PATIENT, 1000, MAX_BYTES, 64L << 20),
                        Duration.ofMillis(100),
                        deaths::add)) {
            call(client, 0);
            client.call(request(1), Map.of(), PieceStream.NONE, () -> {}, StreamProgress.NONE, this::done);
            await().atMost(PATIENT).until(() -> server.requests().size() == 2);
            call(client, 2);

            // The one on which a call waits stays.
            await().atMost(PATIENT).until(() -> server.accepted() == 2 && server.open() == 1);
            answer.countDown();

            assertThat(next()).isInstanceOf(Answered.class);
            await().atMost(PATIENT).until(() -> server.open() == 0);
        }
    }

    private static void untilOpen(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void theDeadlineHoldsForAnAnswerThatDrips() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
                    drip(connection);
                });
                ApiClient client = client(server, SHORT)) {
            Failed failed = (Failed) call(client, 0);

            assertThat(failed.error()).isEqualTo("timeout");
            assertThat(failed.message()).isEqualTo("timed out after 500 ms while reading the answer");
            assertThat(failed.tookMillis()).isBetween(495L, 2_000L);
            await().atMost(PATIENT).until(() -> server.open() == 0);
        }
    }

    @Test
    void theDeadlineHoldsForHeadersThatDrip() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.1 200 OK\r\nX: ");
                    drip(connection);
                });
                ApiClient client = client(server, SHORT)) {
            assertThat(((Failed) call(client, 0)).message())
                    .isEqualTo("timed out after 500 ms while waiting for the answer");
        }
    }

    @Test
    void theDeadlineHoldsForACallThatIsMadeAgain() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    if (connection.number() == 1) {
                        connection.answer(COMPLETION);
                        connection.read();
                    } else {
                        connection.awaitEnd();
                    }
                });
                ApiClient client = client(server, SHORT)) {
            call(client, 0);

            assertThat(((Failed) call(client, 1)).tookMillis()).isBetween(495L, 2_000L);
        }
    }

    @Test
    void theDeadlineHoldsForATlsHandshakeThatNeverEnds() throws Exception {
        try (RawServer server = new RawServer(RawServer.Connection::awaitEnd);
                ApiClient client = client("https://127.0.0.1:" + server.port() + "/v1", SHORT)) {
            Failed failed = (Failed) call(client, 0);

            assertThat(failed.message()).isEqualTo("timed out after 500 ms while connecting");
            assertThat(failed.mayHaveCost()).isFalse();
        }
    }

    @Test
    void cancelledCallsAreCut() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
                    connection.awaitEnd();
                });
                ApiClient client = client(server)) {
            client.call(request(0), Map.of(), PieceStream.NONE, () -> {}, StreamProgress.NONE, this::done);
            await().atMost(PATIENT).until(() -> server.requests().size() == 1);

            client.cancel(Set.of(Requests.ASSIGNMENT));

            assertThat(next()).isInstanceOf(Cancelled.class);
            await().atMost(PATIENT).until(() -> server.open() == 0);
        }
    }

    @Test
    void aCallThatIsCancelledWhileItConnectsIsNeverSent() throws Exception {
        try (RawServer server = new RawServer(RawServer.Connection::awaitEnd);
                ApiClient client = client("https://127.0.0.1:" + server.port() + "/v1", PATIENT)) {
            List<Request> sent = new ArrayList<>();
            Request request = request(0);
            client.call(request, Map.of(), PieceStream.NONE, () -> sent.add(request), StreamProgress.NONE, this::done);
            await().atMost(PATIENT).until(() -> server.accepted() == 1);

            client.cancel(Set.of(Requests.ASSIGNMENT));

            assertThat(next()).isInstanceOf(Cancelled.class);
            assertThat(sent).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "x-gzip", "GZIP", "deflate", "raw deflate", "identity"})
    void aPackedAnswerIsReadThoughNobodyAskedForIt(String encoding) throws Exception {
        byte[] packed = packed(COMPLETION.getBytes(UTF_8), encoding);
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer("200 OK\r\nContent-Encoding: " + encoding.replace("raw ", ""), packed);
                });
                ApiClient client = client(server)) {
            assertThat(new String(((Answered) call(client, 0)).body(), UTF_8)).isEqualTo(COMPLETION);
            assertThat(server.requests().get(0).toLowerCase(Locale.ROOT)).doesNotContain("accept-encoding");
        }
    }

    @Test
    void whatIsLargerUnpackedThanTheMaximumIsTooLarge() throws Exception {
        byte[] bomb = packed(("{" + " ".repeat(50_000_000)).getBytes(UTF_8), "gzip");
        assertThat(bomb).hasSizeLessThan(MAX_BYTES);
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer("200 OK\r\nContent-Encoding: gzip", bomb);
                });
                ApiClient client = client(server)) {
            assertThat(((Failed) call(client, 0)).error()).isEqualTo("response_too_large");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "deflate", "br", "zstd", "\u001b[2J"})
    void aPackedAnswerThatCannotBeUnpackedIsAFailedCall(String encoding) throws Exception {
        byte[] broken = Arrays.copyOf(packed(COMPLETION.repeat(50).getBytes(UTF_8), "gzip"), 40);
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer("200 OK\r\nContent-Encoding: " + encoding, broken);
                });
                ApiClient client = client(server)) {
            CallResult result = call(client, 0);

            assertThat(result).isInstanceOfSatisfying(Failed.class, failed -> {
                assertThat(failed.mayHaveCost()).isTrue();
                assertThat(failed.message()).doesNotContain("\u001b");
            });
        }
        assertThat(deaths).isEmpty();
    }

    @Test
    void aBodyWithoutALengthEndsWithItsConnection() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n" + COMPLETION);
                });
                ApiClient client = client(server)) {
            assertThat(new String(((Answered) call(client, 0)).body(), UTF_8)).isEqualTo(COMPLETION);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SSH-2.0-OpenSSH_9.2\r\n",
                "HTTP/1.1 abc\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: -7\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                "HTTP/1.1 200 OK\r\nno colon\r\n\u001b: x\r\n\r\n",
                "\u0015\u0003\u0001\u0000\u0002\u0002P",
                ""
            })
    void whatIsNoHttpIsAFailedCall(String answer) throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write(answer);
                });
                ApiClient client = client(server, Duration.ofSeconds(5))) {
            CallResult result = call(client, 0);

            assertThat(result).isInstanceOf(Failed.class);
            assertThat(((Failed) result).message()).doesNotContain("\u001b");
        }
        assertThat(deaths).isEmpty();
    }

    @Test
    void longHeadersOfAnEdgeAreRead() throws Exception {
        String policy = "x".repeat(30_000);
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
                    connection.answer("200 OK\r\nContent-Security-Policy: " + policy, COMPLETION.getBytes(UTF_8));
                });
                ApiClient client = client(server)) {
            assertThat(((Answered) call(client, 0)).headers()).containsEntry("content-security-policy", policy);
        }
    }

    @Test
    void headersWithoutEndAreAFailedCall() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.1 200 OK\r\n");
                    for (int i = 0; i < 1_000_000; i++) {
                        connection.write("X-" + i + ": " + "y".repeat(1000) + "\r\n");
                    }
                });
                ApiClient client = client(server)) {
            assertThat(call(client, 0)).isInstanceOf(Failed.class);
        }
    }

    @Test
    void theLocationOfARedirectIsAmongTheHeaders() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer("308 Permanent Redirect\r\nLocation: https://login.test/x", new byte[0]);
                });
                ApiClient client = client(server)) {
            Answered answer = (Answered) call(client, 0);

            assertThat(answer.status()).isEqualTo(308);
            assertThat(answer.headers()).containsEntry("location", "https://login.test/x");
            assertThat(server.requests()).hasSize(1);
        }
    }

    @Test
    void anUnknownHostIsNamed() throws Exception {
        try (ApiClient client = client("http://no-such-host.invalid/v1", PATIENT)) {
            Failed failed = (Failed) call(client, 0);

            assertThat(failed.message()).isEqualTo("UnknownHostException: no-such-host.invalid");
            assertThat(failed.mayHaveCost()).isFalse();
        }
    }

    @Test
    void aRefusedConnectionIsNamed() throws Exception {
        int port = freePort();
        try (ApiClient client = client("http://localhost:" + port + "/v1", PATIENT)) {
            Failed failed = (Failed) call(client, 0);

            assertThat(failed.message()).matches("Connection refused by (127\\.0\\.0\\.1|\\[.*1]):" + port);
            assertThat(failed.mayHaveCost()).isFalse();
        }
    }

    @Test
    void aResetIsNamed() throws Exception {
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.reset();
                });
                ApiClient client = client(server)) {
            assertThat(((Failed) call(client, 0)).message()).isEqualTo("connection reset");
        }
    }

    @Test
    void manyLargeAnswersAtOnceAllEndThoughMemoryIsShort() throws Exception {
        int calls = 30;
        byte[] large = ("{" + " ".repeat(MAX_BYTES - 1)).getBytes(UTF_8);
        try (RawServer server = new RawServer(connection -> {
                    connection.read();
                    connection.answer("200 OK", large);
                    connection.awaitEnd();
                });
                ApiClient client = client(ApiClient.Target.of(URI.create(server.baseUrl())), PATIENT, MAX_BYTES)) {
            for (int i = 0; i < calls; i++) {
                client.call(request(i), Map.of(), PieceStream.NONE, () -> {}, StreamProgress.NONE, this::done);
            }
            for (int i = 0; i < calls; i++) {
                assertThat(((Answered) next()).body()).isEqualTo(large);
            }
        }
    }

    @Test
    void aClientWhoseThreadHasEndedTellsSo() throws Exception {
        try (RawServer server = new RawServer(TransportTest::answerAll);
                ApiClient client = client(server)) {
            client.call(
                    request(0),
                    Map.of(),
                    PieceStream.NONE,
                    () -> Vertx.currentContext().owner().close(),
                    StreamProgress.NONE,
                    this::done);

            assertThat(deaths.poll(30, TimeUnit.SECONDS)).isNotNull();
        }
    }

    @Test
    void aCallbackThatThrowsIsTheEndOfTheClient() throws Exception {
        try (RawServer server = new RawServer(TransportTest::answerAll);
                ApiClient client = client(server)) {
            client.call(request(0), Map.of(), PieceStream.NONE, () -> {}, StreamProgress.NONE, (request, result) -> {
                throw new OutOfMemoryError("test");
            });

            assertThat(deaths.poll(30, TimeUnit.SECONDS)).isInstanceOf(OutOfMemoryError.class);
        }
    }

    private static void answerAll(RawServer.Connection connection) throws IOException {
        while (connection.read().isPresent()) {
            connection.answer(COMPLETION);
        }
    }

    @SuppressWarnings("BusyWait")
    private static void drip(RawServer.Connection connection) throws IOException {
        long next = System.nanoTime();
        while (true) {
            connection.write("x");
            next += 20_000_000;
            LockSupport.parkNanos(next - System.nanoTime());
        }
    }

    private static byte[] packed(byte[] bytes, String encoding) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = switch (encoding.toLowerCase(Locale.ROOT)) {
            case "identity" -> packed;
            case "deflate" -> new DeflaterOutputStream(packed);
            case "raw deflate" -> new DeflaterOutputStream(packed, new Deflater(9, true));
            default -> new GZIPOutputStream(packed);
        }) {
            out.write(bytes);
        }
        return packed.toByteArray();
    }

    static int freePort() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return taken.getLocalPort();
        }
    }

    private static Request request(long offset) {
        return Requests.ofModel("m").at(offset).build();
    }

    private CallResult call(ApiClient client, long offset) throws InterruptedException {
        client.call(request(offset), Map.of(), PieceStream.NONE, () -> {}, StreamProgress.NONE, this::done);
        return next();
    }

    private void done(Request request, CallResult result) {
        results.add(result);
    }

    private CallResult next() throws InterruptedException {
        CallResult result = results.poll(PATIENT.toSeconds(), TimeUnit.SECONDS);
        assertThat(result).as("a call's end").isNotNull();
        return result;
    }

    private ApiClient client(RawServer server) {
        return client(server, PATIENT);
    }

    private ApiClient client(RawServer server, Duration timeout) {
        return client(server.baseUrl(), timeout);
    }

    private ApiClient client(String baseUrl, Duration timeout) {
        return client(ApiClient.Target.of(URI.create(baseUrl)), timeout, 64L << 20);
    }

    private ApiClient client(ApiClient.Target target, Duration timeout, long answerBytes) {
        return new ApiClient(
                target, () -> "sk-test", new ApiClient.Bounds(timeout, 1000, MAX_BYTES, answerBytes), deaths::add);
    }
}
