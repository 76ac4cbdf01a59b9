package dev.sluice.examples.clients;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.sluice.examples.SharedQueue;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Has clients that know nothing of Sluice call the packaged door. All clients make their calls at once, and each test
 * looks at what became of them. A test is skipped where its client is not installed.
 */
@Timeout(240)
@ExtendWith(SharedQueue.class)
class DoorClientsIT {
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final Map<String, DoorClient> CLIENTS = new LinkedHashMap<>();
    private static final Map<String, CompletableFuture<Map<String, String>>> OUTCOMES = new LinkedHashMap<>();

    private static RunningDoor door;
    private static ExecutorService threads;

    @BeforeAll
    static void callAll(RunningDoor running) throws Exception {
        door = running;
        for (DoorClient client : clients(door.queue().folder())) {
            CLIENTS.put(client.name(), client);
        }
        threads = Executors.newFixedThreadPool(CLIENTS.size());
        CLIENTS.forEach(
                (name, client) -> OUTCOMES.put(name, CompletableFuture.supplyAsync(() -> run(client), threads)));
    }

    @AfterAll
    static void stop() {
        threads.shutdownNow();
    }

    private static List<DoorClient> clients(Path folder) throws IOException, InterruptedException {
        List<DoorClient> clients = new ArrayList<>(List.of(new OpenAiJava(), new LangChain(), new SpringAi()));
        ScriptClient.node("openai", folder).ifPresent(clients::add);
        ScriptClient.node("together-ai", folder).ifPresent(clients::add);
        ScriptClient.python(folder).ifPresent(clients::add);
        return clients;
    }

    private static Map<String, String> run(DoorClient client) {
        try {
            return client.run(calls(client));
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private static List<DoorCall> calls(DoorClient client) {
        List<DoorCall> calls = new ArrayList<>();
        calls.add(call(client, "whole", ""));
        calls.add(call(client, "stream", "").streamed());
        calls.add(call(client, "tool", "[stand-in: finish=tool_calls]").withTool());
        calls.add(call(client, "tool stream", "[stand-in: finish=tool_calls]")
                .withTool()
                .streamed());
        calls.add(call(client, "400", "[stand-in: status=400]"));
        calls.add(call(client, "400 stream", "[stand-in: status=400]").streamed());
        calls.add(call(client, "401", "").with("sk-unknown"));
        calls.add(call(client, "404", "[stand-in: status=404]"));
        calls.add(call(client, "429", "").with(RunningDoor.BUSY_KEY).retried(0));
        calls.add(call(client, "503 once", "[stand-in: status=503 times=1]").retried(0));
        calls.add(call(client, "time-out", "[stand-in: latency=3s]")
                .within(Duration.ofSeconds(2))
                .retried(client.isStainless() ? 4 : 0));
        if (door.nginx().isPresent() && client.isStainless()) {
            calls.add(call(client, "own retry", "[stand-in: latency=2500ms]")
                    .at(door.nginx().get().impatientUrl())
                    .retried(4));
        }
        return calls;
    }

    private static DoorCall call(DoorClient client, String name, String directive) {
        return DoorCall.of(name, client.name(), door.baseUrl(), RunningDoor.KEY, text(client, name, directive));
    }

    private static String text(DoorClient client, String name, String directive) {
        return (directive + " " + client.name() + " " + name).strip();
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai-java", "langchain4j", "spring-ai", "openai", "together-ai", "openai-python"})
    void aClientGetsAnswersAndErrorsOfTheRightClass(String name) {
        DoorClient client = client(name);

        Map<String, String> outcomes = outcomes(name);

        String tool = "[stand-in: finish=tool_calls] " + name + " tool";
        Map<String, String> expected = new LinkedHashMap<>();
        expected.put("whole", "ok You said: " + name + " whole");
        expected.put("stream", "ok You said: " + name + " stream");
        expected.put("tool", "tool weather {\"said\":\"You said: " + tool + "\"}");
        expected.put("tool stream", "tool weather {\"said\":\"You said: " + tool + " stream\"}");
        expected.put("400", client.exception(400) + " 400 400 invalid_request_error");
        expected.put("400 stream", client.exception(400) + " 400 400 invalid_request_error");
        expected.put("401", client.exception(401) + " 401 invalid_api_key");
        expected.put("404", client.exception(404) + " 404 model_not_available");
        expected.put("429", client.exception(429) + " 429 too_many_waiting");
        expected.put("503 once", "ok You said: [stand-in: status=503 times=1] " + name + " 503 once");
        assertThat(outcomes).containsAllEntriesOf(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"openai-java", "langchain4j", "spring-ai", "openai", "together-ai", "openai-python"})
    void aRequestThatTakesTooLongIsPaidOnce(String name) {
        DoorClient client = client(name);

        String outcome = outcomes(name).get("time-out");

        if (!client.isStainless()) {
            assertThat(outcome).isEqualTo("TimeoutException");
        } else if (client.tellsTimeout()) {
            assertThat(outcome).isEqualTo(client.exception(504) + " 504 timeout");
        } else {
            // its own next try has joined the first
            assertThat(outcome).startsWith("ok You said: ");
        }
        assertThat(paid(client, "time-out", "[stand-in: latency=3s]")).isEqualTo(1);
    }

    /** The proxy in front gives up, so the client tries again, which costs nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"openai-java", "spring-ai", "openai", "together-ai", "openai-python"})
    void theNextTryOfAClientJoinsTheFirst(String name) {
        DoorClient client = client(name);
        requireNginx();

        String outcome = outcomes(name).get("own retry");

        assertThat(outcome).startsWith("ok You said: ");
        assertThat(paid(client, "own retry", "[stand-in: latency=2500ms]")).isEqualTo(1);
    }

    @Test
    void curlHasLeaveToSendItsBody() throws Exception {
        String large = LongWaits.body("x".repeat(900_000));
        String tooLarge = LongWaits.body("x".repeat(1_100_000));

        CurlProcess answered = post(large, "-H", "Expect: 100-continue").join();
        CurlProcess refused = post(tooLarge).join();

        assertThat(answered.exit()).isZero();
        assertThat(answered.output()).startsWith("HTTP/1.1 100 Continue").contains("HTTP/1.1 200 OK");
        // curl sends a body of this size only after it was asked to, or after a second
        assertThat(refused.trace()).contains("Expect: 100-continue");
        assertThat(refused.status()).isEqualTo(413);
        assertThat(refused.seconds()).isLessThan(1);
    }

    @Test
    void aWaitLongerThanNginxWaitsIsServed() {
        requireNginx();
        List<CompletableFuture<CurlProcess>> waits =
                door.longWaits().throughNginx().orElseThrow();

        CurlProcess whole = waits.get(0).join();
        CurlProcess stream = waits.get(1).join();

        assertThat(whole.exit()).isZero();
        assertThat(whole.seconds()).isGreaterThan(60);
        assertThat(whole.output()).startsWith("HTTP/1.1 200 OK").contains("You said: ");
        assertThat(stream.exit()).isZero();
        assertThat(stream.seconds()).isGreaterThan(60);
        assertThat(stream.output()).contains(": ping\n", "\"content\":\"You", "data: [DONE]\n\n");
    }

    /** Nobody takes a late failure for an answer, through nginx either, and the next try learns of it. */
    @Test
    void aFailureThatComesLateIsNoAnswer() throws Exception {
        requireNginx();
        List<CompletableFuture<CurlProcess>> waits =
                door.longWaits().throughNginx().orElseThrow();

        CurlProcess cut = waits.get(2).join();
        CurlProcess again = post(LongWaits.body(LongWaits.LATE_FAILURE), "-H", "X-Stainless-Retry-Count: 1")
                .join();

        assertThat(cut.exit()).as(cut.trace()).isIn(18, 56);
        assertThat(again.status()).isEqualTo(422);
        assertThat(again.output()).contains("x-should-retry: false");
        assertThat(door.queue().calls(LongWaits.LATE_FAILURE)).isEqualTo(1);
    }

    /** LangChain4j waits a minute for the head of an answer, which comes before. */
    @Test
    void aClientThatWaitsAMinuteForTheHeadIsServedLater() throws Exception {
        assertThat(door.longWaits()
                        .langChain()
                        .get(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                        .get("wait"))
                .startsWith("ok You said: ");
    }

    private static Map<String, String> outcomes(String name) {
        assertThat(OUTCOMES.get(name)).succeedsWithin(PATIENCE);
        return OUTCOMES.get(name).join();
    }

    private static CompletableFuture<CurlProcess> post(String body, String... more) throws IOException {
        return CurlProcess.post(door.queue().folder(), door.baseUrl(), RunningDoor.KEY, body, more);
    }

    private static int paid(DoorClient client, String name, String directive) {
        return door.queue().calls(text(client, name, directive));
    }

    private static DoorClient client(String name) {
        return Optional.ofNullable(CLIENTS.get(name)).orElseGet(() -> skip(name + " is not installed"));
    }

    private static void requireNginx() {
        if (door.nginx().isEmpty()) {
            skip("nginx is not installed");
        }
    }

    /** Skips a test and prints the reason, because Maven only counts skipped tests. */
    private static DoorClient skip(String reason) {
        System.out.println("Skipped in DoorClientsIT: " + reason + "; see .ci/run");
        return abort(reason);
    }
}
