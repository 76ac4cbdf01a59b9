package dev.sluice.worker.call;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.worker.Requests;
import dev.sluice.worker.call.CallResult.Answered;
import dev.sluice.worker.call.CallResult.Failed;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pieces.PieceStream;
import java.net.URI;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plays proxies on the way to the API. */
@Timeout(60)
class ProxyTest {
    private static final String HTTP_API = "http://api.test/v1";
    private static final String HTTPS_API = "https://api.test/v1";
    private static final String COMPLETION = "{\"choices\":[]}";

    private final BlockingQueue<CallResult> results = new LinkedBlockingQueue<>();
    private final BlockingQueue<Throwable> deaths = new LinkedBlockingQueue<>();

    /** The name of the API is the proxy's to look up: this side may not even know it. */
    @Test
    void aCallToAnHttpUrlGoesThroughTheProxyInAbsoluteForm() throws Exception {
        try (RawServer proxy = new RawServer(connection -> {
                    while (connection.read().isPresent()) {
                        connection.answer(COMPLETION);
                    }
                });
                ApiClient client = client(HTTP_API, proxy(proxy, Optional.of("user"), "p:w"))) {
            assertThat(call(client, 0)).isInstanceOf(Answered.class);
            assertThat(call(client, 1)).isInstanceOf(Answered.class);

            assertThat(proxy.requests().get(0))
                    .startsWith("POST http://api.test/v1/chat/completions HTTP/1.1\r\n")
                    .containsIgnoringCase("\r\nhost: api.test\r\n")
                    .containsIgnoringCase("\r\nproxy-authorization: Basic "
                            + Base64.getEncoder().encodeToString("user:p:w".getBytes(UTF_8)));
            assertThat(proxy.accepted()).isEqualTo(1);
        }
    }

    @Test
    void aCallToAnHttpsUrlAsksTheProxyForAConnection() throws Exception {
        try (RawServer proxy = new RawServer(connection -> {
                    connection.read();
                    connection.write("HTTP/1.1 200 Connection established\r\n\r\n");
                });
                ApiClient client = client(HTTPS_API, proxy(proxy, Optional.of("user"), "secret"))) {
            Failed failed = (Failed) call(client, 0);

            assertThat(failed.mayHaveCost()).isFalse();
            assertThat(proxy.requests().get(0))
                    .startsWith("CONNECT api.test:443 HTTP/1.1\r\n")
                    .containsIgnoringCase("\r\nproxy-authorization: Basic ")
                    .doesNotContain("sk-test");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {HTTP_API, HTTPS_API})
    void aProxyThatWantsToKnowWhoCallsIsNamed(String api) throws Exception {
        try (RawServer proxy = new RawServer(connection -> {
                    connection.read();
                    connection.answer(
                            "407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"", new byte[0]);
                });
                ApiClient client = client(api, proxy(proxy, Optional.empty(), ""))) {
            Failed failed = (Failed) call(client, 0);

            assertThat(failed.error()).isEqualTo("407");
            assertThat(failed.message()).isEqualTo("407 from proxy 127.0.0.1:" + proxy.port());
        }
        assertThat(deaths).isEmpty();
    }

    @Test
    void aProxyThatCannotConnectIsNamed() throws Exception {
        try (RawServer proxy = new RawServer(connection -> {
                    connection.read();
                    connection.answer("503 Service Unavailable", "<html>".getBytes(UTF_8));
                });
                ApiClient client = client(HTTPS_API, proxy(proxy, Optional.empty(), ""))) {
            Failed failed = (Failed) call(client, 0);

            assertThat(failed.error()).isEqualTo("connection");
            assertThat(failed.message()).isEqualTo("503 from proxy 127.0.0.1:" + proxy.port());
            assertThat(failed.mayHaveCost()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {HTTP_API, HTTPS_API})
    void aProxyThatIsDownIsNamed(String api) throws Exception {
        int port = TransportTest.freePort();
        try (ApiClient client = client(api, new ApiProxy("127.0.0.1", port, Optional.empty(), ""))) {
            Failed failed = (Failed) call(client, 0);

            assertThat(failed.error()).isEqualTo("connection");
            assertThat(failed.message()).isEqualTo("Connection refused by 127.0.0.1:" + port + " (proxy)");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nonsense\r\n\r\n", "HTTP/1.1 200"})
    void aProxyThatAnswersNonsenseIsAFailedCall(String answer) throws Exception {
        try (RawServer proxy = new RawServer(connection -> {
                    connection.read();
                    connection.write(answer);
                });
                ApiClient client = client(HTTPS_API, proxy(proxy, Optional.empty(), ""))) {
            assertThat(((Failed) call(client, 0)).mayHaveCost()).isFalse();
        }
        assertThat(deaths).isEmpty();
    }

    @Test
    void theDeadlineHoldsForAProxyThatNeverAnswers() throws Exception {
        try (RawServer proxy = new RawServer(RawServer.Connection::awaitEnd);
                ApiClient client = client(HTTPS_API, proxy(proxy, Optional.empty(), ""), Duration.ofMillis(500))) {
            Failed failed = (Failed) call(client, 0);

            assertThat(failed.message()).isEqualTo("timed out after 500 ms while connecting");
            assertThat(failed.mayHaveCost()).isFalse();
        }
    }

    @Test
    void aProxyWhoseNameIsUnknownIsNamed() throws Exception {
        try (ApiClient client = client(HTTPS_API, new ApiProxy("no-proxy.invalid", 3128, Optional.empty(), ""))) {
            assertThat(((Failed) call(client, 0)).message()).isEqualTo("UnknownHostException: no-proxy.invalid");
        }
    }

    private static ApiProxy proxy(RawServer server, Optional<String> user, String password) {
        return new ApiProxy("127.0.0.1", server.port(), user, password);
    }

    private ApiClient client(String api, ApiProxy proxy) {
        return client(api, proxy, Duration.ofSeconds(30));
    }

    private ApiClient client(String api, ApiProxy proxy, Duration timeout) {
        return new ApiClient(
                new ApiClient.Target(URI.create(api), Optional.of(proxy), List.of()),
                () -> "sk-test",
                new ApiClient.Bounds(timeout, 100, 100_000, 1 << 20),
                deaths::add);
    }

    private CallResult call(ApiClient client, long offset) throws InterruptedException {
        Request request = Requests.ofModel("m").at(offset).build();
        client.call(
                request,
                Map.of(),
                PieceStream.NONE,
                () -> {},
                StreamProgress.NONE,
                (of, result) -> results.add(result));
        CallResult result = results.poll(30, TimeUnit.SECONDS);
        assertThat(result).as("a call's end").isNotNull();
        return result;
    }
}
