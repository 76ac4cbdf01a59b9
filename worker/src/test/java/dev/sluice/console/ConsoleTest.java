package dev.sluice.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import dev.sluice.worker.pool.CallsReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Sends HTTP requests to a console whose queue is in memory. */
@Timeout(60)
class ConsoleTest {
    private static final Duration SOON = Duration.ofSeconds(20);

    private final SampleQueue queue = new SampleQueue();
    private final QueueAccess access = SampleQueue.withoutKafka();
    private final HttpClient client = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    private Console console;

    @BeforeEach
    void start() {
        console = Console.start(config(0), queue, access);
    }

    private ConsoleConfig config(int port) {
        return ConsoleConfig.ofLoopback(port, folder.resolve("history"));
    }

    @AfterEach
    void stop() {
        access.admin().close(Duration.ZERO);
        console.close();
    }

    @Test
    void everyFileOfThePageIsThereAndComesFromHere() throws Exception {
        String page = get("/").body();

        assertThat(page).doesNotContain("http://", "https://", "<style", "onclick", "style=");
        List<String> files = new ArrayList<>(List.of("words.js", "now.js", "plots.js", "letters.js", "dom.js"));
        Matcher linked = Pattern.compile("(?:src|href)=\"([^\"#]+)\"").matcher(page);
        while (linked.find()) {
            files.add(linked.group(1));
        }
        assertThat(files).hasSizeGreaterThan(7);
        for (String file : files) {
            assertThat(get("/" + file).statusCode()).as(file).isEqualTo(200);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "/console.js", "/nothing", "/events"})
    void everyAnswerForbidsWhatIsInlineOrFromElsewhere(String path) throws Exception {
        HttpResponse<InputStream> answer =
                client.send(request(path).build(), HttpResponse.BodyHandlers.ofInputStream());

        assertThat(answer.headers().firstValue("content-security-policy"))
                .hasValueSatisfying(policy -> assertThat(policy)
                        .contains("default-src 'none'", "script-src 'self'", "frame-ancestors 'none'")
                        .doesNotContain("unsafe"));
        assertThat(answer.headers().firstValue("x-content-type-options")).contains("nosniff");
        answer.body().close();
    }

    @Test
    void aFileIsSentAgainOnlyIfItHasChanged() throws Exception {
        String tag = get("/console.css").headers().firstValue("etag").orElseThrow();

        HttpResponse<String> again = send(request("/console.css").header("if-none-match", tag));

        assertThat(again.statusCode()).isEqualTo(304);
        assertThat(again.body()).isEmpty();
    }

    @Test
    void whatIsNotThereAndWhatIsNotReadingIsAnsweredInWords() throws Exception {
        assertThat(get("/../../etc/passwd").statusCode()).isEqualTo(404);
        assertThat(get("/nothing").body()).isEqualTo("there is nothing at this path; the console is at /\n");
        HttpResponse<String> posted = send(post("/events", "{}"));
        assertThat(posted.statusCode()).isEqualTo(405);
        assertThat(posted.headers().firstValue("allow")).contains("GET");
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:8081, , 200",
        "127.0.0.1:8081, http://127.0.0.1:8081, 200",
        "[::1]:8081, , 200",
        "evil.example:8081, , 403",
        "localhost.evil.example, , 403",
        "192.168.0.7:8081, , 403",
        "localhost:8081, http://evil.example, 403",
        "localhost:8081, http://localhost:9999, 403",
        "localhost:8081, null, 403"
    })
    void requestsOfOtherPagesAreRefused(String host, String origin, int status) throws Exception {
        String head = "GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n"
                + (origin == null ? "" : "Origin: " + origin + "\r\n") + "\r\n";

        assertThat(raw(head)).startsWith("HTTP/1.1 " + status + " ");
    }

    @Test
    void anotherPageMayLinkHereButNotReadHere() throws Exception {
        String head = "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nSec-Fetch-Site: cross-site\r\n";

        assertThat(raw(head + "Sec-Fetch-Mode: navigate\r\n\r\n")).startsWith("HTTP/1.1 200 ");
        assertThat(raw(head + "Sec-Fetch-Mode: no-cors\r\n\r\n")).startsWith("HTTP/1.1 403 ");
    }

    @Test
    void onlyThePageItselfAsksForDeadLetters() throws Exception {
        HttpRequest.BodyPublisher body = HttpRequest.BodyPublishers.ofString("{}");
        HttpRequest.Builder withoutOrigin = request("/replays/start")
                .header("content-type", "application/json")
                .POST(body);
        HttpRequest.Builder form = request("/replays/start")
                .header("content-type", "text/plain")
                .header("origin", "http://localhost:" + console.port())
                .POST(body);

        assertThat(send(withoutOrigin).statusCode()).isEqualTo(403);
        assertThat(send(form).statusCode()).isEqualTo(403);
        assertThat(send(post("/replays/start", "{}").setHeader("origin", "http://evil.example"))
                        .statusCode())
                .isEqualTo(403);
        assertThat(get("/dead-letters/search").statusCode()).isEqualTo(405);
    }

    @Test
    void whatIsWrongInAQuestionIsSaid() throws Exception {
        assertThat(send(post("/dead-letters/search", "[]")).body()).isEqualTo("the body must be a JSON object\n");
        assertThat(send(post("/dead-letters/search", "{\"until\":\"soon\"}")).statusCode())
                .isEqualTo(400);
        assertThat(send(post("/replays/plan", "{\"edits\":[\"model\"]}")).body())
                .contains("'model' sets no field; write FIELD=VALUE");
        assertThat(send(post("/replays/start", "{}")).body()).contains("how many letters to send at most");
        assertThat(send(post("/dead-letters/search", "x".repeat(300_000))).statusCode())
                .isEqualTo(413);
    }

    @Test
    void aKafkaThatIsAwayIsSaidInTheAnswer() throws Exception {
        HttpResponse<String> answer = send(post("/dead-letters/search", "{}"));

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).startsWith("{\"problem\":\"cannot read topic chat.requests");
    }

    @Test
    void everybodyAtThisMachineMayActAsTheUserWhoRunsTheConsole() throws Exception {
        assertThat(get("/user").body())
                .isEqualTo("{\"name\":\"" + System.getProperty("user.name") + "\",\"bodies\":true,\"act\":true}");
    }

    @Test
    void whatIsNoHttpIsAnsweredAndCutOff() throws Exception {
        assertThat(raw("NONSENSE\r\n\r\n")).matches("(?s)HTTP/1\\.[01] 400 .*this is no valid HTTP request\n");
    }

    @Test
    void aPageGetsTheHourAndThenWhatIsNew() throws Exception {
        queue.change(now ->
                now.lanes(SampleQueue.lane("m", "limited", "", 120, 4, 38.5)).waiting(1_234, 5));
        try (EventReader events = events()) {
            assertThat(events.await("history", JsonNode::isArray).size()).isBetween(0, 1);
            JsonNode now = events.await(
                    "now", event -> event.at("/status/waiting/0/open").asLong() == 1_234);

            assertThat(now.get("problem").isNull()).isTrue();
            assertThat(now.at("/status/lanes/0/requests/limit").asDouble()).isEqualTo(40);
            assertThat(now.at("/status/dead/open").asLong()).isEqualTo(5);
            assertThat(now.at("/status/reports/0/report/heap/max").asLong()).isEqualTo(768L << 20);
            assertThat(now.at("/status/waiting/0").has("partitions")).isFalse();
            assertThat(now.at("/status/reports/0/report").has("lanes")).isFalse();
            assertThat(events.await("sample", event -> event.get(4).asLong() == 1_234)
                            .get(5)
                            .asLong())
                    .isEqualTo(5);
        }
    }

    @Test
    void callsPerSecondComeFromCounters() throws Exception {
        try (EventReader events = events()) {
            JsonNode first = events.await("now", event -> event.has("status"));
            assertThat(first.at("/calls/answered").asDouble()).isZero();
            queue.calls(new CallsReport(80, 8, 4));

            JsonNode next =
                    events.await("now", event -> event.at("/calls/answered").asDouble() > 0);

            assertThat(next.at("/calls/rate_limited").asDouble())
                    .isCloseTo(next.at("/calls/answered").asDouble() / 10, within(0.001));
        }
    }

    @Test
    void aKafkaThatIsAwayIsSaidBesideWhatWasLastRead() throws Exception {
        queue.waiting(7, 0);
        try (EventReader events = events()) {
            JsonNode unused = events.await(
                    "now", event -> event.at("/status/waiting/0/open").asLong() == 7);
            queue.failing("cannot reach Kafka at localhost:9092 (Connection refused)");

            JsonNode away = events.await("now", event -> !event.get("problem").isNull());
            queue.change(now -> now.failing(null).waiting(8, 0));

            assertThat(away.get("problem").asString()).contains("localhost:9092");
            assertThat(away.at("/status/waiting/0/open").asLong()).isEqualTo(7);
            JsonNode back = events.await("now", event -> event.get("problem").isNull());
            assertThat(back.at("/status/waiting/0/open").asLong()).isEqualTo(8);
        }
    }

    @Test
    void aRestartShowsTheHourBefore() throws Exception {
        try (EventReader events = events()) {
            JsonNode now = events.await("now", event -> event.has("status"));
            assertThat(now.at("/status/queue").asString()).isEqualTo("chat");
        }
        console.close();
        assertThat(queue.isClosed()).isTrue();

        console = Console.start(config(0), new SampleQueue().failing("Kafka is away"), access);

        try (EventReader events = events()) {
            assertThat(events.await("history", JsonNode::isArray).size()).isPositive();
            JsonNode now = events.await("now", event -> event.has("problem"));
            assertThat(now.get("status").isNull()).isTrue();
        }
    }

    @Test
    void pagesAreBounded() throws Exception {
        List<EventReader> open = new ArrayList<>();
        try {
            for (int i = 0; i < LiveEvents.MAX_PAGES; i++) {
                open.add(events());
            }
            assertThat(get("/events").statusCode()).isEqualTo(503);
            open.remove(0).close();
            await().atMost(SOON).untilAsserted(() -> {
                EventReader next = events();
                open.add(next);
                assertThat(next.status).isEqualTo(200);
            });
        } finally {
            for (EventReader each : open) {
                each.close();
            }
        }
    }

    @Test
    void aPortThatIsTakenIsNoConsole() {
        ConsoleConfig taken = ConsoleConfig.ofLoopback(console.port(), folder.resolve("other"));

        assertThatThrownBy(() -> Console.start(taken, queue, access)).isInstanceOf(CompletionException.class);
    }

    private EventReader events() throws IOException, InterruptedException {
        return new EventReader(client.send(request("/events").build(), HttpResponse.BodyHandlers.ofInputStream()));
    }

    private HttpResponse<String> get(String path) throws Exception {
        return send(request(path));
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /** Returns a request as the page sends it. */
    private HttpRequest.Builder post(String path, String body) {
        return request(path)
                .header("content-type", "application/json")
                .header("origin", "http://localhost:" + console.port())
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + console.port() + path));
    }

    private String raw(String head) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), console.port())) {
            socket.setSoTimeout((int) SOON.toMillis());
            socket.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    /** Reads the events of one page. */
    private static final class EventReader implements AutoCloseable {
        private final int status;
        private final BufferedReader lines;

        EventReader(HttpResponse<InputStream> answer) {
            this.status = answer.statusCode();
            this.lines = new BufferedReader(new InputStreamReader(answer.body(), StandardCharsets.UTF_8));
        }

        /** Reads up to the first event of this name for which the condition holds. */
        JsonNode await(String name, Predicate<JsonNode> condition) throws IOException {
            String event = "";
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                if (line.startsWith("event: ")) {
                    event = line.substring("event: ".length());
                } else if (line.startsWith("data: ") && event.equals(name)) {
                    JsonNode data = JsonMapper.shared().readTree(line.substring("data: ".length()));
                    if (condition.test(data)) {
                        return data;
                    }
                }
            }
            throw new AssertionError("the events have ended before " + name);
        }

        @Override
        public void close() throws IOException {
            lines.close();
        }
    }
}
