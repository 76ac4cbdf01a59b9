package dev.sluice.worker.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.ChatQueue;
import dev.sluice.ChatReply;
import dev.sluice.ChatRequest;
import dev.sluice.ChatRequestBuilder;
import dev.sluice.ReplyConsumer;
import dev.sluice.sandbox.StandInSettings;
import dev.sluice.sandbox.TogetherStandIn;
import dev.sluice.wire.Topics;
import dev.sluice.worker.AllLogLines;
import dev.sluice.worker.LogLines;
import dev.sluice.worker.PackagedJar;
import dev.sluice.worker.Worker;
import dev.sluice.worker.WorkerConfig;
import dev.sluice.worker.observe.AdminServer;
import dev.sluice.worker.observe.PrometheusPage;
import dev.sluice.worker.observe.StatusPage;
import io.opentelemetry.api.OpenTelemetry;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

/**
 * Runs a queue on a Kafka with TLS, passwords and ACLs. Each role has exactly the rights that worker/README.md names.
 */
@Timeout(180)
class SecurityIT {
    private static final Topics TOPICS = new Topics("chat");
    private static final String GROUP = "workers";
    private static final String API_KEY = "api-key-secret";
    private static final Duration BOUND = Duration.ofSeconds(60);

    @TempDir
    private static Path folder;

    private static SecuredKafka kafka;
    private static TogetherStandIn api;

    private final TestTerminal terminal = new TestTerminal();

    @BeforeAll
    static void start() throws Exception {
        kafka = SecuredKafka.start(folder);
        api = TogetherStandIn.start(StandInSettings.DEFAULT.withApiKeys(API_KEY));
        List<AclGrant> grants = Stream.of(
                        AclGrant.worker(TOPICS, GROUP),
                        AclGrant.publisher(TOPICS),
                        AclGrant.express(TOPICS),
                        AclGrant.reader(TOPICS),
                        AclGrant.operator(TOPICS),
                        AclGrant.watcher(TOPICS, GROUP),
                        AclGrant.submitter(TOPICS),
                        AclGrant.door(TOPICS),
                        AclGrant.creator(TOPICS))
                .flatMap(List::stream)
                .toList();
        kafka.addUsers(grants.stream().map(AclGrant::user).distinct().toArray(String[]::new));
        kafka.grant(grants);
        TestTerminal creator = new TestTerminal();
        String file = "--kafka-config=" + kafka.file(AclGrant.CREATOR);
        assertThat(creator.run("topics", "create", "--partitions=1", file))
                .as(creator.err())
                .isZero();
        assertThat(creator.run("topics", "create", "--partitions=2", file))
                .as(creator.err())
                .isZero();
    }

    @AfterAll
    static void stop() {
        if (api != null) {
            api.close();
        }
        if (kafka != null) { // its start may have failed
            kafka.close();
        }
    }

    @Test
    void eachRoleWorksWithTheRightsInTheReadme() throws Exception {
        Map<String, ChatReply> replies = new ConcurrentHashMap<>();
        try (LogLines log = new LogLines(Worker.class);
                Worker worker = Worker.start(config());
                ChatQueue queue = queue(AclGrant.PUBLISHER);
                ReplyConsumer consumer = ReplyConsumer.builder()
                        .group(AclGrant.READERS)
                        .kafkaProperties(kafka.properties(AclGrant.READER))
                        .handler(reply -> replies.merge(reply.id(), reply, (one, other) -> other))
                        .start()) {
            queue.submit(request("fine", "?").build()).join();
            queue.submit(request("broken", "? [stand-in: status=500 times=1]").build())
                    .join();
            queue.submit(request("wrong", "? [stand-in: status=400]").build()).join();
            queue.submit(request("later", "?")
                            .notBefore(Instant.now().plusSeconds(12))
                            .build())
                    .join();
            await().atMost(BOUND)
                    .until(() -> replies.keySet().containsAll(List.of("fine", "broken", "wrong", "later")));

            assertThat(replies.get("fine").ok()).isTrue();
            assertThat(replies.get("broken").attempts()).isEqualTo(1);
            assertThat(replies.get("later").ok()).isTrue();
            assertThat(replies.get("wrong").reason()).contains("rejected");
            assertThat(run(AclGrant.EXPRESS, "ask", "--express", "--model=m", "?"))
                    .as(terminal.err())
                    .isZero();
            assertOperatorReplays(replies);
            assertStatusIsShown();
            assertBatchesAreAnsweredAndResumed();
            assertThat(consumer.failure()).isEmpty();
            assertThat(worker.health().livenessFailures()).isEmpty();
            assertThat(log.all()).noneMatch(line -> line.matches("(WARN|ERROR) .*"));
            assertAMistypedGroupIsRefused();
        }
    }

    private static void assertAMistypedGroupIsRefused() throws Exception {
        kafka.grant(AclGrant.worker(TOPICS, "mistyped"));
        WorkerConfig mistyped = kafka.config(api, API_KEY, TOPICS, "mistyped");

        assertThatThrownBy(() -> Worker.start(mistyped)).hasMessageContainingAll("'mistyped'", "--new-group");
    }

    private void assertOperatorReplays(Map<String, ChatReply> replies) throws IOException {
        replies.remove("wrong");

        assertThat(run(AclGrant.OPERATOR, "dlq", "list")).as(terminal.err()).isZero();
        assertThat(terminal.out()).contains("total: 1", "rejected");
        assertThat(run(AclGrant.OPERATOR, "dlq", "show", "wrong"))
                .as(terminal.err())
                .isZero();
        assertThat(run(AclGrant.OPERATOR, "dlq", "replay", "--yes"))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.out()).contains("1 sent and marked");
        await().atMost(BOUND).until(() -> replies.containsKey("wrong"));
    }

    private void assertStatusIsShown() throws IOException {
        assertThat(run(AclGrant.WATCHER, "status", "--group=" + GROUP))
                .as(terminal.err())
                .isZero();
        assertThat(terminal.out()).contains("2 of 2").doesNotContain("could not be");
    }

    private void assertBatchesAreAnsweredAndResumed() throws IOException {
        Path batch = Files.createTempFile(folder, "batch", ".jsonl");
        Files.writeString(batch, line("a", "?") + line("b", "? [stand-in: latency=2s]"));
        String output = "--output=" + folder.resolve("answers.jsonl");

        assertThat(run(AclGrant.SUBMITTER, "ask", "--model=m", "?"))
                .as(terminal.err())
                .isZero();
        assertThat(run(AclGrant.SUBMITTER, "submit", batch.toString(), output, "--timeout=1s"))
                .isEqualTo(1);
        assertThat(run(AclGrant.SUBMITTER, "submit", batch.toString(), output, "--resume"))
                .as(terminal.err())
                .isZero();
        assertThat(Files.readAllLines(folder.resolve("answers.jsonl"))).hasSize(2);
    }

    private static String line(String id, String text) {
        return "{\"custom_id\":\"" + id + "\",\"body\":{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\""
                + text + "\"}]}}\n";
    }

    /** The door runs as a process, since its end is that of a process. */
    @Test
    void aDoorServesChatAndBatchesWithTheRightsInTheReadme() throws Exception {
        Path log = folder.resolve("gateway.log");
        Process door = PackagedJar.process(
                        List.of(),
                        List.of(
                                "gateway",
                                "--port=0",
                                "--files-dir=" + folder.resolve("files"),
                                "--kafka-config=" + kafka.file(AclGrant.DOOR)))
                .redirectError(log.toFile())
                .start();
        try (Worker worker = Worker.start(config());
                BufferedReader out = door.inputReader()) {
            String base = out.readLine();
            assertThat(base).as(Files.readString(log)).isNotNull();
            String chat = "{\"model\":\"m\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}";
            assertThat(post(base + "/chat/completions", "application/json", chat))
                    .contains("[DONE]");
            await().atMost(BOUND).until(() -> !ask(base + "/models").contains("models_unknown"));
            assertThat(runBatch(base, line("a", "?"))).contains("\"status\":\"completed\"", "\"completed\":1");
            String slow = createBatch(base, line("b", "? [stand-in: latency=3s]"));
            await().atMost(BOUND).until(() -> ask(slow).contains("\"total\":1"));
            post(slow + "/cancel", "application/json", "");
            assertThat(ended(slow)).contains("\"status\":\"cancelled\"", "\"total\":1");
        } finally {
            door.destroyForcibly().waitFor();
        }
        // a machine that is slow to start a process is no missing right
        assertThat(Files.readAllLines(log))
                .noneMatch(line -> line.matches(".* (WARN|ERROR) (?!.*BlockedThreadChecker).*"));
    }

    private static String runBatch(String base, String lines) throws Exception {
        return ended(createBatch(base, lines));
    }

    private static String createBatch(String base, String lines) throws Exception {
        String form = "--b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nbatch\r\n--b\r\n"
                + "Content-Disposition: form-data; name=\"file\"\r\n\r\n" + lines + "\r\n--b--\r\n";
        String file = id(post(base + "/files", "multipart/form-data; boundary=b", form));
        String order = "{\"input_file_id\":\"" + file
                + "\",\"endpoint\":\"/v1/chat/completions\",\"completion_window\":\"1h\"}";
        return base + "/batches/" + id(post(base + "/batches", "application/json", order));
    }

    private static String id(String json) {
        return JsonMapper.shared().readTree(json).required("id").asString();
    }

    private static String ended(String batch) {
        return await().atMost(BOUND)
                .until(() -> ask(batch), body -> body.matches(".*\"status\":\"(completed|cancelled|failed)\".*"));
    }

    private static String post(String uri, String type, String body) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri)).header("content-type", type);
        return send(request.POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    private static String ask(String uri) throws Exception {
        return send(HttpRequest.newBuilder(URI.create(uri)));
    }

    private static String send(HttpRequest.Builder request) throws Exception {
        return HttpClient.newHttpClient()
                .send(request.timeout(BOUND).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    @Test
    void noLogPageOrHelpShowsTheKeyOrAPassword() throws Exception {
        List<String> shown = new ArrayList<>();
        try (AllLogLines lines = new AllLogLines();
                PrometheusPage page = new PrometheusPage("test")) {
            WorkerConfig config = config();
            shown.add(config.toString());
            try (Worker worker = Worker.start(config, page.metrics(), OpenTelemetry.noop());
                    AdminServer admin = AdminServer.start(
                            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                            worker.health(),
                            Map.of(
                                    "/metrics",
                                    page,
                                    "/status",
                                    new StatusPage(page.metrics(), "test", Clock.systemUTC())));
                    ChatQueue queue = queue(AclGrant.SUBMITTER)) {
                assertThat(queue.ask(request("secret", "?").build(), BOUND)
                                .join()
                                .ok())
                        .isTrue();
                for (String path : List.of("/metrics", "/status", "/health/live", "/health/ready")) {
                    shown.add(get(admin.port(), path));
                }
            }
            assertThat(run(AclGrant.WORKER, "worker", "--help")).isZero();
            shown.add(terminal.out());

            assertThat(shown).allMatch(text -> !text.isBlank());
            assertThat(lines.with("sasl.jaas.config = [hidden]")).isNotEmpty();
            for (String secret : List.of(
                    API_KEY, SecuredKafka.password(AclGrant.WORKER), SecuredKafka.password(AclGrant.SUBMITTER))) {
                assertThat(shown).noneMatch(text -> text.contains(secret));
                assertThat(lines.with(secret)).isEmpty();
            }
        }
    }

    private static String get(int port, String path) throws IOException {
        HttpURLConnection connection = (HttpURLConnection)
                URI.create("http://localhost:" + port + path).toURL().openConnection();
        try (var body = connection.getInputStream()) {
            return new String(body.readAllBytes(), UTF_8);
        }
    }

    private static WorkerConfig config() throws IOException, InterruptedException {
        return kafka.config(api, API_KEY, TOPICS, GROUP);
    }

    private static ChatQueue queue(String user) {
        return ChatQueue.builder().kafkaProperties(kafka.properties(user)).build();
    }

    private static ChatRequestBuilder request(String id, String text) {
        return ChatRequest.builder().id(id).model("m").user(text);
    }

    private int run(String user, String... args) throws IOException {
        return terminal.run(Stream.concat(Stream.of(args), Stream.of("--kafka-config=" + kafka.file(user)))
                .toArray(String[]::new));
    }
}
