package dev.sluice.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.examples.plain.PlainExample;
import dev.sluice.examples.spring.ChatApplication;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

/** Runs the examples as their users do, against a worker. */
@Timeout(180)
@ExtendWith(SharedQueue.class)
class ExamplesIT {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    private static final String SLOW = "[stand-in: latency=3s] A slow one.";

    private static RunningQueue queue;

    @BeforeAll
    static void start(RunningQueue running) {
        queue = running;
    }

    @Test
    void plainExamplePrintsEverySummary() throws Exception {
        PrintStream console = System.out;
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            PlainExample.main(new String[] {queue.bootstrapServers(), "example/model"});
        } finally {
            System.setOut(console);
        }

        assertThat(printed.toString(StandardCharsets.UTF_8))
                .containsPattern("at once: \\w+")
                .containsPattern("/0: \\w+")
                .containsPattern("/1: \\w+")
                .containsPattern("/2: \\w+")
                .doesNotContain("failed:")
                .endsWith("done" + System.lineSeparator());
    }

    @Test
    void springServiceHandlesAsksOrdersAndFailures() throws Exception {
        try (ConfigurableApplicationContext service = service()) {
            HttpResponse<String> asked = post(service, "/ask", "Why is the sky blue?");
            assertThat(asked.statusCode()).as(asked.body()).isEqualTo(200);
            assertThat(asked.body()).isNotBlank();

            HttpResponse<String> ordered = post(service, "/orders", "Why is the sea salty?");
            assertThat(ordered.statusCode()).isEqualTo(202);
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> get(service, "/orders/" + ordered.body()).statusCode() == 200);
            assertThat(get(service, "/orders/" + ordered.body()).body()).isNotBlank();

            HttpResponse<String> failed = post(service, "/ask", "[stand-in: status=400]");
            assertThat(failed.statusCode()).as(failed.body()).isEqualTo(502);
            assertThat(failed.body()).contains("rejected");

            assertThat(get(service, "/orders/unheard-of").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void stoppingSpringServiceAnswersOpenAsks() throws Exception {
        CompletableFuture<HttpResponse<String>> asked;
        try (ConfigurableApplicationContext service = service()) {
            asked = HTTP.sendAsync(
                    request(service, "/ask").POST(BodyPublishers.ofString(SLOW)).build(), BodyHandlers.ofString());
            await().atMost(Duration.ofSeconds(30)).until(() -> queue.calls(SLOW) == 1);
        }

        assertThat(asked.join().statusCode()).as(asked.join().body()).isEqualTo(200);
        assertThat(asked.join().body()).isNotBlank();
    }

    private static ConfigurableApplicationContext service() {
        return SpringApplication.run(
                ChatApplication.class,
                "--server.port=0",
                "--chat.model=example/model",
                "--chat.bootstrap-servers=" + queue.bootstrapServers());
    }

    private static HttpResponse<String> post(ConfigurableApplicationContext service, String path, String text)
            throws Exception {
        return HTTP.send(
                request(service, path).POST(BodyPublishers.ofString(text)).build(), BodyHandlers.ofString());
    }

    private static HttpResponse<String> get(ConfigurableApplicationContext service, String path) throws Exception {
        return HTTP.send(request(service, path).build(), BodyHandlers.ofString());
    }

    private static HttpRequest.Builder request(ConfigurableApplicationContext service, String path) {
        String port = service.getEnvironment().getRequiredProperty("local.server.port");
        return HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
                .header("content-type", "text/plain");
    }
}
