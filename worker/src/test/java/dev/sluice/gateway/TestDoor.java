package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.ChatQueue;
import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.testing.ChatReplies;
import dev.sluice.testing.InMemoryChatQueue;
import dev.sluice.wire.Reason;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A door with short times before a queue in memory. */
final class TestDoor implements AutoCloseable {
    static final String BODY = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

    static final Duration COMMIT_AFTER = Duration.ofMillis(300);

    static final WaitTimes TIMES = new WaitTimes(
            COMMIT_AFTER,
            Duration.ofMillis(100),
            Duration.ofSeconds(2),
            Duration.ofSeconds(2),
            Duration.ofMillis(700),
            Duration.ofSeconds(1));

    final InMemoryChatQueue queue;
    final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    final List<String> problems = new CopyOnWriteArrayList<>();
    final SetWorkers workers = new SetWorkers();
    final Gateway gateway;
    private final HttpClient client = HttpClient.newHttpClient();

    /** Workers as a test says. */
    static final class SetWorkers implements WorkerWatch {
        volatile OptionalInt alive = OptionalInt.of(1);
        volatile Optional<ModelCatalog> models = Optional.empty();

        @Override
        public OptionalInt alive() {
            return alive;
        }

        @Override
        public Optional<ModelCatalog> models() {
            return models;
        }
    }

    TestDoor(InMemoryChatQueue queue, CallerRule callers, int maxWaiting, WaitTimes times) {
        this(queue, queue, callers, maxWaiting, times, Optional.empty());
    }

    TestDoor(
            InMemoryChatQueue queue, CallerRule callers, int maxWaiting, WaitTimes times, Optional<FilesConfig> files) {
        this(queue, queue, callers, maxWaiting, times, files);
    }

    private TestDoor(
            InMemoryChatQueue queue,
            ChatQueue published,
            CallerRule callers,
            int maxWaiting,
            WaitTimes times,
            Optional<FilesConfig> files) {
        this.queue = queue;
        GatewayConfig config = new GatewayConfig(
                "127.0.0.1",
                0,
                Optional.empty(),
                Optional.empty(),
                maxWaiting,
                20_000,
                Duration.ofMinutes(10),
                times,
                files);
        gateway = Gateway.start(
                config, callers, published, () -> problems, workers, registry, () -> "metrics".getBytes(UTF_8));
    }

    /** Opens a door for everybody on this machine. */
    static TestDoor before(InMemoryChatQueue queue) {
        return new TestDoor(queue, new KeylessRule(true), 1_000, TIMES);
    }

    /** Opens a door for everybody on this machine before a queue whose streams the test plays. */
    static TestDoor before(PlayedQueue queue) {
        return before(queue, TIMES);
    }

    static TestDoor before(PlayedQueue queue, WaitTimes times) {
        return new TestDoor(answering(), queue, new KeylessRule(true), 1_000, times, Optional.empty());
    }

    /** Returns a queue whose replies have the API's form. */
    static InMemoryChatQueue answering() {
        return InMemoryChatQueue.answering(request -> "re " + request.model());
    }

    static InMemoryChatQueue failing(Reason reason, int status) {
        return InMemoryChatQueue.replying(submitted -> ChatReplies.failed(submitted, reason, status, "no"));
    }

    RawConnection connect() throws IOException {
        return new RawConnection(gateway.port());
    }

    HttpResponse<String> post(String body, String... headers) throws Exception {
        return send(request("/v1/chat/completions", headers).POST(HttpRequest.BodyPublishers.ofString(body)));
    }

    CompletableFuture<HttpResponse<String>> postLater(String body, String... headers) {
        return client.sendAsync(
                request("/v1/chat/completions", headers)
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    HttpResponse<String> get(String path) throws Exception {
        return send(request(path).GET());
    }

    byte[] fetch(String path) throws Exception {
        return client.send(request(path).GET().build(), HttpResponse.BodyHandlers.ofByteArray())
                .body();
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws Exception {
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    HttpRequest.Builder request(String path, String... headers) {
        HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create("http://localhost:" + gateway.port() + path))
                .timeout(Duration.ofSeconds(20))
                .header("content-type", "application/json");
        return headers.length == 0 ? builder : builder.headers(headers);
    }

    static JsonNode error(HttpResponse<String> response) {
        return JsonMapper.shared().readTree(response.body()).get("error");
    }

    @Override
    public void close() {
        gateway.close();
        queue.close();
    }
}
