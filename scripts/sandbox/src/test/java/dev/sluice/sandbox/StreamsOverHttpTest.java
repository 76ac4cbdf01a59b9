package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class StreamsOverHttpTest {
    private static final String DONE = "data: [DONE]";

    private TogetherStandIn standIn;
    private StandInClient client;

    @BeforeEach
    void start() throws Exception {
        standIn = TogetherStandIn.start();
        client = new StandInClient(standIn.baseUrl());
    }

    @AfterEach
    void close() {
        standIn.close();
    }

    @Test
    void aStreamHasARoleTheContentAFinishReasonAndDone() throws Exception {
        HttpResponse<String> response = call(body("hello 😀"));

        assertThat(response.headers().firstValue("content-type")).hasValue("text/event-stream; charset=utf-8");
        List<String> events = events(response);
        assertThat(events).last().isEqualTo(DONE);
        List<JsonNode> chunks = chunks(events);
        assertThat(chunks.get(0).at("/choices/0/delta/role").stringValue()).isEqualTo("assistant");
        assertThat(content(chunks)).isEqualTo("You said: hello 😀");
        assertThat(chunks.get(chunks.size() - 1).at("/choices/0/finish_reason").stringValue())
                .isEqualTo("stop");
        assertThat(chunks).allSatisfy(chunk -> {
            assertThat(chunk.path("object").stringValue()).isEqualTo("chat.completion.chunk");
            assertThat(chunk.path("id")).isEqualTo(chunks.get(0).path("id"));
            assertThat(chunk.path("model").stringValue()).isEqualTo(StandInClient.MODEL);
            assertThat(chunk.has("usage")).isFalse();
        });
        assertThat(standIn.callsByStatus()).containsEntry(200, 1L);
        assertThat(standIn.openCalls()).isZero();
    }

    @Test
    void theUsageFollowsWhereItIsAskedFor() throws Exception {
        ObjectNode body = body("hello").put("n", 2);
        body.putObject("stream_options").put("include_usage", true);

        List<JsonNode> chunks = chunks(events(call(body)));

        JsonNode last = chunks.get(chunks.size() - 1);
        assertThat(last.path("choices")).isEmpty();
        assertThat(last.at("/usage/total_tokens").intValue()).isPositive();
        assertThat(chunks.subList(0, chunks.size() - 1))
                .allSatisfy(chunk -> assertThat(chunk.path("usage").isNull()).isTrue())
                .extracting(chunk -> chunk.at("/choices/0/index").intValue())
                .contains(0, 1);
    }

    @Test
    void aToolCallComesInPieces() throws Exception {
        ObjectNode body = body("hello [stand-in: finish=tool_calls]");
        body.putArray("tools").addObject().putObject("function").put("name", "f");

        List<JsonNode> chunks = chunks(events(call(body)));

        StringBuilder arguments = new StringBuilder();
        chunks.forEach(chunk -> arguments.append(
                chunk.at("/choices/0/delta/tool_calls/0/function/arguments").stringValue("")));
        assertThat(JsonMapper.shared()
                        .readTree(arguments.toString())
                        .path("said")
                        .stringValue())
                .startsWith("You said: hello");
    }

    @ParameterizedTest
    @CsvSource({"status=429, 429", "status=500, 500", "not-streamed, 200", "not-json, 200", "no-choices, 200"})
    void whatIsNoStreamComesAsItIs(String fault, int status) throws Exception {
        HttpResponse<String> response = call(body("x [stand-in: " + fault + "]"));

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("content-type").orElseThrow()).startsWith("application/json");
    }

    @Test
    void theLimitIsCheckedBeforeTheStream() throws Exception {
        standIn.update(settings -> settings.withLimit(RateLimit.requests(1)));
        call(body("first"));

        HttpResponse<String> response = call(body("second"));

        assertThat(response.statusCode()).isEqualTo(429);
        assertThat(StandInClient.json(response).at("/error/type").stringValue()).isEqualTo("dynamic_request_limited");
    }

    @Test
    void anErrorEventIsTheLastOne() throws Exception {
        List<String> events = events(call(body("hello there [stand-in: error-event]")));

        assertThat(events).last().asString().startsWith("data: {\"error\":{").contains("503");
        assertThat(events.size()).isGreaterThan(1);
    }

    @ParameterizedTest
    @CsvSource({"ends-early, false", "no-done, true"})
    void aStreamMayEndWithoutDone(String fault, boolean isFinished) throws Exception {
        List<String> events = events(call(body("hello there [stand-in: " + fault + "]")));

        assertThat(events).doesNotContain(DONE);
        assertThat(events.get(events.size() - 1).contains("\"stop\"")).isEqualTo(isFinished);
    }

    @Test
    void aStreamMayBeCut() {
        assertThatThrownBy(() -> call(body("hello there [stand-in: cut-body]"))).isInstanceOf(IOException.class);
        await().until(() -> standIn.callsByStatus().getOrDefault(0, 0L) == 1);
    }

    @Test
    void aPaceIsKept() throws Exception {
        long begin = System.nanoTime();

        List<JsonNode> chunks = chunks(events(call(body("hello [stand-in: pace=20ms]"))));

        assertThat(content(chunks)).startsWith("You said: hello");
        long least = (chunks.size() - 1) * Duration.ofMillis(20).toNanos();
        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(least);
    }

    @Test
    void theEdgeCutsAStreamThatIsSilentForTooLong() {
        standIn.update(settings -> settings.withEdgeTimeout(Duration.ofMillis(100)));

        assertThatThrownBy(() -> call(body("hello [stand-in: hang-body]"))).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> call(body("hello [stand-in: pace=1h]"))).isInstanceOf(IOException.class);
        await().until(() -> standIn.openCalls() == 0);
    }

    @Test
    void firstEventsAreThereBeforeTheLast() throws Exception {
        HttpResponse<InputStream> response = client.open(body("hello [stand-in: hang-body]"));

        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).startsWith("data: {");
        }
    }

    private static ObjectNode body(String text) {
        return StandInClient.body(text).put("stream", true);
    }

    private HttpResponse<String> call(ObjectNode body) throws IOException, InterruptedException {
        return client.send(client.request(body.toString()));
    }

    private static List<String> events(HttpResponse<String> response) {
        return List.of(response.body().split("\n\n"));
    }

    private static List<JsonNode> chunks(List<String> events) {
        return events.stream()
                .filter(event -> !event.equals(DONE))
                .map(event -> JsonMapper.shared().readTree(event.substring("data: ".length())))
                .toList();
    }

    private static String content(List<JsonNode> chunks) {
        StringBuilder content = new StringBuilder();
        chunks.forEach(
                chunk -> content.append(chunk.at("/choices/0/delta/content").stringValue("")));
        return content.toString();
    }
}
