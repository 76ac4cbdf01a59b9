package dev.sluice.worker.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AdminServerTest {
    private static final int TIMEOUT_MILLIS = 20_000;

    private List<String> deadly = List.of();
    private List<String> hindrances = List.of();
    private List<String> notices = List.of();
    private AdminServer server;

    @BeforeEach
    void start() throws IOException {
        server = AdminServer.start(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                new HealthChecks() {
                    @Override
                    public List<String> livenessFailures() {
                        return deadly;
                    }

                    @Override
                    public List<String> readinessFailures() {
                        return hindrances;
                    }

                    @Override
                    public List<String> warnings() {
                        return notices;
                    }
                },
                Map.of("/page", accept -> page(accept), "/defect", accept -> {
                    throw new IllegalStateException("secret");
                }));
    }

    private static AdminPage.Content page(String accept) {
        return new AdminPage.Content("text/x-page", ("accepted: " + accept + "\n").getBytes(StandardCharsets.UTF_8));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void isLiveAndReadyWhileNothingIsWrong() throws IOException {
        assertThat(get("/health/live")).isEqualTo("200 ok\n");
        assertThat(get("/health/ready")).isEqualTo("200 ok\n");
    }

    @Test
    void isLiveButNotReadyWhileSomethingHindersIt() throws IOException {
        hindrances = List.of("it drains", "it waits");

        assertThat(get("/health/live")).isEqualTo("200 ok\n");
        assertThat(get("/health/ready")).isEqualTo("503 it drains\nit waits\n");
    }

    @Test
    void aNameFromOutsideForgesNoLine() throws IOException {
        notices = List.of("model x\nthe worker drains\u001b[2J\u202e is held: 401");

        assertThat(get("/health/ready"))
                .isEqualTo("200 ok\nmodel x\\u000athe worker drains\\u001b[2J\\u202e is held: 401\n");
    }

    @Test
    void isReadyThoughItHasSomethingToSay() throws IOException {
        notices = List.of("model m is held: 401");

        assertThat(get("/health/ready")).isEqualTo("200 ok\nmodel m is held: 401\n");
        assertThat(get("/health/live")).isEqualTo("200 ok\n");
    }

    @Test
    void isNeitherWhenOnlyARestartHelps() throws IOException {
        deadly = List.of("thread x has ended");

        assertThat(get("/health/live")).isEqualTo("503 thread x has ended\n");
        assertThat(get("/health/ready")).isEqualTo("503 thread x has ended\n");
    }

    @Test
    void refusesWhatItDoesNotKnow() throws IOException {
        for (String path : List.of("/", "/health", "/health/live/", "/metrics/..", "/health/live%2e")) {
            assertThat(get(path)).as(path).startsWith("404 ");
        }
        assertThat(ask("POST", "/health/live")).startsWith("405 ");
        assertThat(ask("DELETE", "/")).startsWith("405 ");
        assertThat(ask("HEAD", "/health/live")).isEqualTo("200 ");
    }

    @Test
    void showsPages() throws IOException {
        assertThat(get("/page")).startsWith("200 accepted: ");
        assertThat(ask("HEAD", "/page")).isEqualTo("200 ");
        assertThat(ask("PUT", "/page")).startsWith("405 ");
        assertThat(get("/page/")).isEqualTo("404 there are /health/live, /health/ready, /defect, /page\n");
    }

    @Test
    void aPageWithADefectIsAnAnswerAndTellsNothing() throws IOException {
        assertThat(get("/defect")).startsWith("500 ").doesNotContain("secret");
        assertThat(get("/health/live")).isEqualTo("200 ok\n");
    }

    @Test
    void aClientThatStallsHoldsUpNoOther() throws IOException {
        try (Socket stalled = stalled()) {
            assertThat(get("/health/live")).isEqualTo("200 ok\n");
            assertThat(stalled.isConnected()).isTrue();
        }
    }

    @Test
    void manyThatStallAreCutOff() throws IOException {
        List<Socket> stalled = new ArrayList<>();
        for (int i = 0; i < 12; i++) {
            stalled.add(stalled());
        }

        assertThat(get("/health/live")).isEqualTo("200 ok\n");
        for (Socket socket : stalled) {
            socket.close();
        }
    }

    /** Connects and stops in the middle of a header. */
    private Socket stalled() throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.getOutputStream().write("GET /health/live HTTP/1.1\r\nHo".getBytes(StandardCharsets.US_ASCII));
        return socket;
    }

    private String get(String path) throws IOException {
        return ask("GET", path);
    }

    private String ask(String method, String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://localhost:" + server.port() + path).toURL().openConnection();
        connection.setRequestMethod(method);
        connection.setReadTimeout(TIMEOUT_MILLIS);
        int status = connection.getResponseCode();
        try (var body = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            return status + " " + (body == null ? "" : new String(body.readAllBytes(), StandardCharsets.UTF_8));
        }
    }
}
