package dev.sluice.worker.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import dev.sluice.sandbox.ReceivedRequest;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult.Aborted;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.call.CallResult.Cancelled;
import dev.sluice.worker.call.CallResult.Failed;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pieces.PieceStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ApiClientTest {
    private static final String KEY = "sk-test";
    private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private static final Duration PATIENT = Duration.ofSeconds(30);
    private static final Duration SHORT = Duration.ofMillis(300);
    private static final int ONE_MIB = 1 << 20;

    private final BlockingQueue<CallResult> results = new LinkedBlockingQueue<>();
    private final BlockingQueue<Request> sent = new LinkedBlockingQueue<>();
    private TogetherStandIn api;

    @BeforeEach
    void start() throws IOException {
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(KEY));
    }

    @AfterEach
    void stop() {
        api.close();
    }

    @Test
    void sendsTheBodyByteForByteWithTheKeyAndItsOwnName() throws Exception {
        Request request = saying("Grüße").build();

        Answered answer = (Answered) resultOf(request);

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.headers()).containsKey("content-type");
        assertThat(new String(answer.body(), UTF_8)).contains("\"choices\"");
        ReceivedRequest received = api.lastRequest().orElseThrow();
        assertThat(received.body()).isEqualTo(request.body());
        assertThat(received.header("Authorization")).hasValue("Bearer " + KEY);
        assertThat(received.header("User-Agent")).hasValue("sluice-worker");
        assertThat(received.header("Content-Type")).hasValue("application/json");
    }

    @Test
    void aBaseUrlMayEndWithASlash() throws Exception {
        try (ApiClient client = client(api.baseUrl() + "/", PATIENT)) {
            assertThat(resultOf(client, saying("hi").build())).isInstanceOf(Answered.class);
        }
    }

    @Test
    void asksForTheKeyAtEveryCall() throws Exception {
        BlockingQueue<String> keys = new LinkedBlockingQueue<>(List.of("sk-old", KEY));

        try (ApiClient client = client(api.baseUrl(), keys::remove, PATIENT, ONE_MIB)) {
            assertThat(((Answered) resultOf(client, saying("a").build())).status())
                    .isEqualTo(401);
            assertThat(((Answered) resultOf(client, saying("b").build())).status())
                    .isEqualTo(200);
        }
    }

    @Test
    void sendsTheGivenHeadersBesideItsOwn() throws Exception {
        Request request =
                saying("traced").withHeader("authorization", "Bearer smuggled").build();

        try (ApiClient client = client(api.baseUrl(), PATIENT)) {
            client.call(
                    request, Map.of("traceparent", TRACE), PieceStream.NONE, () -> {}, StreamProgress.NONE, this::done);
            assertThat(next()).isInstanceOf(Answered.class);
        }

        ReceivedRequest received = api.lastRequest("traced").orElseThrow();
        assertThat(received.header("traceparent")).hasValue(TRACE);
        assertThat(received.headers().get("authorization")).containsExactly("Bearer " + KEY);
    }

    @Test
    void anErrorIsAnAnswerToo() throws Exception {
        Answered answer =
                (Answered) resultOf(saying("[stand-in: status=429 reset=2]").build());

        assertThat(answer.status()).isEqualTo(429);
        assertThat(Double.parseDouble(answer.headers().get("x-ratelimit-reset")))
                .isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"[stand-in: hang]", "[stand-in: hang-body]"})
    void theDeadlineCoversHeadersAndBody(String directive) throws Exception {
        try (ApiClient client = client(api.baseUrl(), SHORT)) {
            Failed failed = (Failed) resultOf(client, saying(directive).build());

            assertThat(failed.error()).isEqualTo("timeout");
            assertThat(failed.tookMillis()).isBetween(SHORT.toMillis() - 5, 10_000L);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"[stand-in: cut]", "[stand-in: cut-body]"})
    void aCutConnectionIsAFailure(String directive) throws Exception {
        Failed failed = (Failed) resultOf(saying(directive).build());

        assertThat(failed.error()).isEqualTo("connection");
    }

    @Test
    void aRefusedConnectionIsAFailure() throws Exception {
        int port;
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = taken.getLocalPort();
        }

        try (ApiClient client = client("http://127.0.0.1:" + port + "/v1", PATIENT)) {
            Failed failed = (Failed) resultOf(client, saying("hi").build());

            assertThat(failed.error()).isEqualTo("connection");
            assertThat(failed.message()).doesNotContain("hi").doesNotContain(KEY);
        }
    }

    @Test
    void anAnswerAboveTheMaximumIsAFailureAndOneAtItIsNot() throws Exception {
        assertThat(resultOf(saying("[stand-in: huge=2MB]").build()))
                .isInstanceOfSatisfying(
                        Failed.class, failed -> assertThat(failed.error()).isEqualTo("response_too_large"));

        try (ApiClient exact = client(api.baseUrl(), () -> KEY, PATIENT, 2048)) {
            assertThat(resultOf(exact, saying("[stand-in: huge=2048]").build())).isInstanceOf(Answered.class);
            assertThat(resultOf(exact, saying("[stand-in: huge=2049]").build())).isInstanceOf(Failed.class);
        }
    }

    @Test
    void aRedirectIsNotFollowed() throws Exception {
        HttpServer elsewhere = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        elsewhere.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().add("Location", api.baseUrl() + "/chat/completions");
            exchange.sendResponseHeaders(307, -1);
            exchange.close();
        });
        elsewhere.start();
        try (ApiClient client =
                client("http://127.0.0.1:" + elsewhere.getAddress().getPort() + "/v1", PATIENT)) {
            Answered answer = (Answered) resultOf(client, saying("hi").build());

            assertThat(answer.status()).isEqualTo(307);
            assertThat(api.calls()).isZero();
        } finally {
            elsewhere.stop(0);
        }
    }

    /** A call that had left may have been worked on, and charged. */
    @Test
    void abortsOnlyTheCallsOfCertainRequests() throws Exception {
        Request gone = saying("[stand-in: hang]").at(1).build();
        Request goneLater = saying("[stand-in: hang-body]").at(2).build();
        Request staying = saying("[stand-in: hang]").at(3).build();
        try (ApiClient client = client(api.baseUrl(), PATIENT)) {
            for (Request request : List.of(gone, goneLater, staying)) {
                client.call(request, Map.of(), PieceStream.NONE, () -> {}, StreamProgress.NONE, this::done);
            }
            await().atMost(PATIENT).until(() -> api.openCalls() == 3);

            client.abort(request -> request.input().offset() < 3);

            assertThat(List.of(next(), next()))
                    .allSatisfy(result -> assertThat(result)
                            .isInstanceOfSatisfying(
                                    Aborted.class,
                                    aborted -> assertThat(aborted.mayHaveCost()).isTrue()));
            assertThat(results).isEmpty();
        }
    }

    @Test
    void cancelsOnlyTheCallsOfAnAssignment() throws Exception {
        Assignment leaving = Requests.assigned();
        Assignment staying = Requests.assigned();
        try (ApiClient client = client(api.baseUrl(), PATIENT)) {
            client.call(
                    saying("[stand-in: hang]").under(leaving).build(),
                    Map.of(),
                    PieceStream.NONE,
                    () -> {},
                    StreamProgress.NONE,
                    this::done);
            client.call(
                    saying("[stand-in: hang-body]").under(leaving).build(),
                    Map.of(),
                    PieceStream.NONE,
                    () -> {},
                    StreamProgress.NONE,
                    this::done);
            client.call(
                    saying("[stand-in: hang]").under(staying).build(),
                    Map.of(),
                    PieceStream.NONE,
                    () -> {},
                    StreamProgress.NONE,
                    this::done);
            await().atMost(PATIENT).until(() -> api.openCalls() == 3);

            client.cancel(Set.of(leaving));

            assertThat(next()).isInstanceOf(Cancelled.class);
            assertThat(next()).isInstanceOf(Cancelled.class);
            assertThat(results).isEmpty();
        }

        assertThat(next()).isInstanceOf(Cancelled.class);
        assertThat(results).isEmpty();
    }

    @Test
    void everyCallEndsOnce() throws Exception {
        List<String> texts = List.of(
                "ok",
                "[stand-in: status=500]",
                "[stand-in: hang]",
                "[stand-in: hang-body]",
                "[stand-in: cut]",
                "[stand-in: cut-body]",
                "[stand-in: huge=2MB]");
        BlockingQueue<Request> ended = new LinkedBlockingQueue<>();

        try (ApiClient client = client(api.baseUrl(), SHORT)) {
            for (int i = 0; i < 10 * texts.size(); i++) {
                Request request = saying(texts.get(i % texts.size())).at(i).build();
                client.call(
                        request,
                        Map.of(),
                        PieceStream.NONE,
                        () -> {},
                        StreamProgress.NONE,
                        (of, result) -> ended.add(of));
            }
            await().atMost(PATIENT).until(() -> ended.size() >= 10 * texts.size());
            client.cancel(Set.of(Requests.ASSIGNMENT));
        }

        assertThat(ended).hasSize(10 * texts.size()).doesNotHaveDuplicates();
    }

    @Test
    void notifiesWhenTheRequestIsSentBeforeItsAnswer() throws Exception {
        Request hanging = saying("[stand-in: hang]").build();

        try (ApiClient client = client(api.baseUrl(), PATIENT)) {
            client.call(hanging, Map.of(), PieceStream.NONE, () -> sent.add(hanging), StreamProgress.NONE, this::done);

            assertThat(sent.poll(30, TimeUnit.SECONDS)).isSameAs(hanging);
            assertThat(results).isEmpty();
        }
    }

    @Test
    void aCallWithoutAConnectionIsNeverSent() throws Exception {
        api.close();

        assertThat(resultOf(saying("hi").build())).isInstanceOf(Failed.class);
        assertThat(sent).isEmpty();
    }

    @Test
    void aKeyThatIsNoHeaderValueIsAFailureThatDoesNotRevealIt() throws Exception {
        try (ApiClient client = client(api.baseUrl(), () -> "sk-secret\nx", PATIENT, ONE_MIB)) {
            Failed failed = (Failed) resultOf(client, saying("hi").build());

            assertThat(failed.error()).isEqualTo("unsendable");
            assertThat(failed.message()).doesNotContain("secret");
        }
    }

    @Test
    void aCallAfterCloseIsCancelled() throws Exception {
        ApiClient client = client(api.baseUrl(), PATIENT);
        client.close();

        assertThat(resultOf(client, saying("[stand-in: hang]").build())).isInstanceOf(Cancelled.class);
    }

    private CallResult resultOf(Request request) throws InterruptedException {
        try (ApiClient client = client(api.baseUrl(), PATIENT)) {
            return resultOf(client, request);
        }
    }

    private CallResult resultOf(ApiClient client, Request request) throws InterruptedException {
        client.call(request, Map.of(), PieceStream.NONE, () -> sent.add(request), StreamProgress.NONE, this::done);
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

    private static ApiClient client(String baseUrl, Duration timeout) {
        return client(baseUrl, () -> KEY, timeout, ONE_MIB);
    }

    private static ApiClient client(String baseUrl, Supplier<String> key, Duration timeout, int maxResponseBytes) {
        return new ApiClient(
                ApiClient.Target.of(URI.create(baseUrl)),
                key,
                new ApiClient.Bounds(timeout, 1000, maxResponseBytes, 64L << 20),
                defect -> {
                    throw new AssertionError("the client has died", defect);
                });
    }

    private static Requests saying(String text) {
        return Requests.ofModel("m").saying(text);
    }
}
