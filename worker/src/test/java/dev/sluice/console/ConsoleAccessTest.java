package dev.sluice.console;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.console.ConsoleConfig.UserSource;
import dev.sluice.http.SecretFileEditor;
import dev.sluice.http.TestKeys;
import dev.sluice.http.TlsFiles;
import java.io.BufferedReader;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Asks a console as people with and without rights, and as proxies. */
@Timeout(60)
class ConsoleAccessTest {
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String HEADER = "X-Forwarded-User";

    private final QueueAccess access = SampleQueue.withoutKafka();
    private HttpClient client = HttpClient.newHttpClient();

    @TempDir
    private Path folder;

    private Path users;
    private Console console;

    @BeforeEach
    void writeUsers() throws Exception {
        users = folder.resolve("users");
        write(
                line("looker", "look"),
                line("reader", "look,read"),
                line("actor", "look,act"),
                line("owner", "look,read,act"),
                line("nginx", "proxy"),
                "bob@example.org - look,act");
    }

    @AfterEach
    void stop() {
        access.admin().close(Duration.ZERO);
        if (console != null) {
            console.close();
        }
    }

    private void write(String... lines) throws Exception {
        Files.write(users, List.of(lines));
    }

    /** Returns the line of a user whose password is made of the name. */
    private static String line(String name, String rights) {
        return name + " " + SecretFileEditor.hash(name + "'s password") + " " + rights;
    }

    private void start(Optional<TlsFiles> tls, Optional<String> header) {
        console = Console.start(
                new ConsoleConfig(
                        "127.0.0.1", 0, folder.resolve("history"), tls, Optional.of(new UserSource(users, header))),
                new SampleQueue(),
                access);
    }

    private void start() {
        start(Optional.empty(), Optional.empty());
    }

    @Test
    void nothingIsThereWithoutAPassword() throws Exception {
        start();

        for (HttpRequest.Builder request : List.of(
                get("/"),
                get("/console.js"),
                get("/events"),
                get("/user"),
                get("/nothing"),
                post("/dead-letters/search", "{}"),
                post("/replays/start", "{}"))) {
            HttpResponse<String> answer = send(request);
            assertThat(answer.statusCode()).as("%s", answer.uri()).isEqualTo(401);
            assertThat(answer.headers().firstValue("www-authenticate"))
                    .contains("Basic realm=\"Sluice\", charset=\"UTF-8\"");
            assertThat(answer.headers().firstValue("content-security-policy")).isPresent();
        }
    }

    /** Kafka is away, so what is allowed has the answer 200 with a problem, after a while. So all are asked at once. */
    @Test
    void whoMayDoWhat() {
        start();
        Map<String, CompletableFuture<Integer>> answers = new TreeMap<>();
        Map<String, List<Integer>> expected = new TreeMap<>();

        for (String name : List.of("looker", "reader", "actor", "owner")) {
            boolean reads = List.of("reader", "owner").contains(name);
            boolean acts = List.of("actor", "owner").contains(name);
            List<Integer> ifActs = acts ? List.of(200, 202, 409) : List.of(403);
            List<Integer> ifBoth = acts && reads ? List.of(200, 202, 409) : List.of(403);
            Map<String, List<Integer>> cases = Map.of(
                    "/dead-letters/search {}", List.of(200),
                    "/dead-letters/letter {\"position\":\"t-0@1\"}", List.of(200),
                    "/dead-letters/search {\"contains\":\"x\"}", reads ? List.of(200) : List.of(403),
                    "/replays/plan {}", ifActs,
                    "/replays/plan {\"contains\":\"x\"}", ifBoth,
                    "/replays/start {\"limit\":1}", ifActs,
                    "/replays/start {\"limit\":1,\"contains\":\"x\"}", ifBoth,
                    "/replays/stop {}", ifActs);
            cases.forEach((question, statuses) -> {
                String[] words = question.split(" ", 2);
                expected.put(name + " " + question, statuses);
                answers.put(
                        name + " " + question,
                        client.sendAsync(
                                        as(name, post(words[0], words[1])).build(),
                                        HttpResponse.BodyHandlers.discarding())
                                .thenApply(HttpResponse::statusCode));
            });
        }

        answers.forEach(
                (question, status) -> assertThat(status.join()).as(question).isIn(expected.get(question)));
    }

    @Test
    void thePageHearsWhatItsPersonMayDo() throws Exception {
        start();

        assertThat(send(as("actor", get("/user"))).body())
                .isEqualTo("{\"name\":\"actor\",\"bodies\":false,\"act\":true}");
    }

    @Test
    void aWrongPasswordIsNone() throws Exception {
        start();

        for (String authorization : List.of(
                "Basic " + base64("owner:wrong"),
                "Basic " + base64("owner:"),
                "Basic " + base64("owner"),
                "Basic " + base64(":owner's password"),
                "Basic " + base64("looker:owner's password"),
                "Basic " + base64("bob@example.org:"),
                "Basic " + base64("bob@example.org:-"),
                "Basic %%%",
                "Bearer " + base64("owner:owner's password"))) {
            assertThat(send(get("/").header("authorization", authorization)).statusCode())
                    .as(authorization)
                    .isEqualTo(401);
        }
    }

    @Test
    void aThousandWrongPasswordsKeepNobodyOut() throws Exception {
        start();

        for (int i = 0; i < 1_000; i++) {
            HttpRequest.Builder guess = get("/").header("authorization", "Basic " + base64("owner:" + i));
            assertThat(send(guess).statusCode()).isEqualTo(401);
        }

        assertThat(send(as("owner", get("/"))).statusCode()).isEqualTo(200);
    }

    @Test
    void theRequestsOfOtherPagesAreRefusedWhateverTheBrowserAdds() throws Exception {
        start();

        HttpResponse<String> answer =
                send(as("owner", post("/replays/start", "{\"limit\":1}")).setHeader("origin", "https://evil.example"));

        assertThat(answer.statusCode()).isEqualTo(403);
        assertThat(answer.headers().firstValue("www-authenticate")).isEmpty();
    }

    @Test
    void whoIsRemovedIsShownNothingMore() throws Exception {
        start();
        HttpResponse<InputStream> events =
                client.send(as("looker", get("/events")).build(), HttpResponse.BodyHandlers.ofInputStream());
        assertThat(events.statusCode()).isEqualTo(200);

        write(line("owner", "look"));

        try (BufferedReader lines = new BufferedReader(new InputStreamReader(events.body(), UTF_8))) {
            assertThat(lines.lines().count()).as("lines until its end").isPositive();
        }
        assertThat(send(as("looker", get("/"))).statusCode()).isEqualTo(401);
        assertThat(send(as("owner", get("/user"))).body()).contains("\"act\":false");
    }

    @Test
    void aBrokenFileKeepsTheUsersThatWere() throws Exception {
        start();
        write("owner owner look");
        await().during(Duration.ofSeconds(3))
                .atMost(SOON)
                .until(() -> send(as("owner", get("/"))).statusCode() == 200);

        write(line("other", "look"));

        await().atMost(SOON).until(() -> send(as("other", get("/"))).statusCode() == 200);
    }

    @Test
    void filesThatCannotBeUsedAreNamed() throws Exception {
        write("owner owner look");
        assertThatThrownBy(this::start)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("--users-file " + users + ": line 1: the second word must be the SHA-256");
        Files.delete(users);
        assertThatThrownBy(this::start)
                .hasMessageStartingWith(
                        "--users-file " + users + ": no such file; make it with 'sluice console user add NAME");
    }

    @Test
    void aProxyNamesThePerson() throws Exception {
        start(Optional.empty(), Optional.of(HEADER));

        assertThat(send(as("nginx", get("/user")).header(HEADER, "bob@example.org"))
                        .body())
                .isEqualTo("{\"name\":\"bob@example.org\",\"bodies\":false,\"act\":true}");
        assertThat(send(as("nginx", get("/user")).header(HEADER, "reader")).body())
                .contains("\"bodies\":true");
    }

    @Test
    void aHeaderAloneNamesNobody() throws Exception {
        start(Optional.empty(), Optional.of(HEADER));

        assertThat(send(get("/user").header(HEADER, "owner")).statusCode()).isEqualTo(401);
        assertThat(send(as("looker", get("/user")).header(HEADER, "owner")).body())
                .contains("\"name\":\"looker\"");
        assertThat(send(get("/user")
                                .header(HEADER, "owner")
                                .header("authorization", "Basic " + base64("nginx:guessed")))
                        .statusCode())
                .isEqualTo(401);
    }

    @Test
    void aProxyMustNameOnePersonWhoIsKnown() throws Exception {
        start(Optional.empty(), Optional.of(HEADER));

        assertThat(send(as("nginx", get("/"))).body()).contains("must name one person", "names 0");
        assertThat(send(as("nginx", get("/")).header(HEADER, "owner").header(HEADER, "bob@example.org"))
                        .statusCode())
                .isEqualTo(403);
        assertThat(send(as("nginx", get("/")).header(HEADER, "nobody")).statusCode())
                .isEqualTo(403);
        assertThat(send(as("nginx", get("/")).header(HEADER, "nginx")).statusCode())
                .isEqualTo(403);
    }

    @Test
    void aProxyNamesNobodyUnlessItIsAskedTo() throws Exception {
        start();

        assertThat(send(as("nginx", get("/")).header(HEADER, "owner")).body()).contains("--user-header");
    }

    @Test
    void passwordsAreTakenOverTls() throws Exception {
        TestKeys keys = new TestKeys(folder).add("console", "EC");
        start(Optional.of(keys.write("console")), Optional.empty());
        client = HttpClient.newBuilder().sslContext(keys.trusting()).build();

        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("https://localhost:" + console.port() + "/"));
        assertThat(send(request).statusCode()).isEqualTo(401);
        assertThat(send(as("owner", request)).statusCode()).isEqualTo(200);
    }

    private HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static HttpRequest.Builder as(String name, HttpRequest.Builder request) {
        return request.header("authorization", "Basic " + base64(name + ":" + name + "'s password"));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
    }

    private HttpRequest.Builder get(String path) {
        return HttpRequest.newBuilder(URI.create("http://localhost:" + console.port() + path));
    }

    /** Returns a request as the page sends it. */
    private HttpRequest.Builder post(String path, String body) {
        return get(path)
                .header("content-type", "application/json")
                .header("origin", "http://localhost:" + console.port())
                .POST(HttpRequest.BodyPublishers.ofString(body));
    }
}
