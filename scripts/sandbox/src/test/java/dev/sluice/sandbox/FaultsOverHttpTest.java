package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

class FaultsOverHttpTest {
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

    private HttpResponse<String> call(String directive) throws IOException, InterruptedException {
        return client.call("please [stand-in: " + directive + "]");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            status=400                   | 400 | invalid_request_error   | malformed
            too-long                     | 400 | invalid_request_error   | `max_new_tokens` must be <=
            status=401                   | 401 | invalid_request_error   | key
            status=402                   | 402 | credit_limit            | Credit limit
            status=403                   | 403 | invalid_request_error   | `max_new_tokens` must be <=
            status=404                   | 404 | invalid_request_error   | model
            status=408                   | 408 | timeout                 | timed out
            status=422                   | 422 | invalid_request_error   | can't be processed
            status=422 too-long          | 422 | invalid_request_error   | `max_new_tokens` must be <=
            status=429                   | 429 | dynamic_request_limited | rate limit
            status=429 type=credit_limit | 429 | credit_limit            | rate limit
            status=500                   | 500 | server_error            | error
            status=503                   | 503 | overloaded_error        | overloaded
            status=418                   | 418 | invalid_request_error   | 418
            status=502 body=json         | 502 | server_error            | 502
            """, quoteCharacter = '"')
    void eachStatusHasItsJsonError(String directive, int status, String type, String message) throws Exception {
        HttpResponse<String> response = call(directive);

        JsonNode json = StandInClient.json(response);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(json.propertyNames()).containsExactly("error");
        assertThat(json.path("error").propertyNames()).containsExactly("message", "type", "param", "code");
        assertThat(json.at("/error/type").stringValue()).isEqualTo(type);
        assertThat(json.at("/error/message").stringValue()).contains(message);
    }

    @ParameterizedTest
    @ValueSource(ints = {502, 504, 520, 524, 529})
    void edgesAnswerInHtml(int status) throws Exception {
        HttpResponse<String> response = call("status=" + status);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.headers().firstValue("content-type").orElseThrow()).startsWith("text/html");
        assertThat(response.body()).contains("<title>" + status + " ").doesNotContain("Error</title>");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            status=403 body=problem | 403 | cloudflare_error
            status=404 body=text    | 404 | page not found
            status=405 body=none    | 405 | ''
            status=308 body=none    | 308 | ''
            """)
    void edgesAnswerInFormsOfTheirOwn(String directive, int status, String text) throws Exception {
        HttpResponse<String> response = call(directive);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body()).contains(text).doesNotContain("\"error\"");
        assertThat(response.headers().firstValue("location").isPresent()).isEqualTo(status < 400);
    }

    @Test
    void zippedAnswersAreCompressedUnasked() throws Exception {
        HttpResponse<String> response = call("zipped");

        assertThat(response.headers().firstValue("content-encoding")).contains("gzip");
        assertThat(response.body()).doesNotContain("choices");
    }

    @ParameterizedTest
    @ValueSource(ints = {403, 500, 503})
    void anyStatusCanBeHtml(int status) throws Exception {
        HttpResponse<String> response = call("body=html status=" + status);

        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body()).startsWith("<!DOCTYPE html>");
    }

    @Test
    void errorTypeAndIdAreWhereTheSettingsPutThem() throws Exception {
        standIn.apply(standIn.settings().withErrors(ErrorTypePlace.INSIDE, true));
        JsonNode inside = StandInClient.json(call("status=402"));
        standIn.apply(standIn.settings().withErrors(ErrorTypePlace.BESIDE, false));
        JsonNode beside = StandInClient.json(call("status=402"));

        assertThat(inside.at("/error/error_type").stringValue()).isEqualTo("credit_limit");
        assertThat(inside.path("id").stringValue()).isNotBlank();
        assertThat(inside.has("error_type")).isFalse();
        assertThat(beside.path("error_type").stringValue()).isEqualTo("credit_limit");
        assertThat(beside.path("error").has("error_type")).isFalse();
        assertThat(beside.has("id")).isFalse();
    }

    @Test
    void aHangSendsNothingUntilTheEdgeTimeout() throws Exception {
        standIn.apply(standIn.settings().withEdgeTimeout(Duration.ofMillis(100)));
        long before = System.nanoTime();

        HttpResponse<String> response = call("hang");

        assertThat(response.statusCode()).isEqualTo(524);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isGreaterThanOrEqualTo(Duration.ofMillis(100));
    }

    @Test
    void withoutAnEdgeTimeoutAHangLastsUntilTheStandInCloses() {
        standIn.apply(standIn.settings().withEdgeTimeout(null));
        CompletableFuture<HttpResponse<String>> hung = client.callAsync("[stand-in: hang]");
        await().until(() -> standIn.openCalls() == 1);

        assertThat(hung).isNotDone();
        standIn.close();

        assertThat(hung).failsWithin(Duration.ofSeconds(5)).withThrowableThat().withCauseInstanceOf(IOException.class);
    }

    @Test
    void aLatencyBeyondTheEdgeTimeoutIsA524() throws Exception {
        standIn.apply(standIn.settings().withEdgeTimeout(Duration.ofMillis(50)));

        assertThat(call("latency=30s").statusCode()).isEqualTo(524);
        assertThat(call("latency=10ms").statusCode()).isEqualTo(200);
    }

    @Test
    void aHangInMidBodyKeepsTheConnectionOpen() throws Exception {
        standIn.apply(standIn.settings().withEdgeTimeout(null));

        HttpResponse<InputStream> response = client.open("[stand-in: hang-body]");

        long length = response.headers().firstValueAsLong("content-length").orElseThrow();
        byte[] half = response.body().readNBytes((int) length / 2);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(half).hasSize((int) length / 2);
        assertThat(standIn.openCalls()).isEqualTo(1);
        assertThat(response.body().available()).isZero();
        standIn.close();
        assertThatThrownBy(() -> response.body().readAllBytes()).isInstanceOf(IOException.class);
    }

    @Test
    void theEdgeCutsAHangInMidBody() throws Exception {
        standIn.apply(standIn.settings().withEdgeTimeout(Duration.ofMillis(50)));

        HttpResponse<InputStream> response = client.open("[stand-in: hang-body]");

        assertThatThrownBy(() -> response.body().readAllBytes()).isInstanceOf(IOException.class);
        assertThat(standIn.callsByStatus()).containsEntry(0, 1L);
    }

    @Test
    void aCutBeforeTheHeadersLeavesNoAnswer() {
        assertThatThrownBy(() -> call("cut")).isInstanceOf(IOException.class);
        assertThat(standIn.callsByStatus()).containsOnlyKeys(0);
    }

    @Test
    void aCutInMidBodyLeavesHalfOfIt() throws Exception {
        HttpResponse<InputStream> response = client.open("[stand-in: cut-body]");

        long length = response.headers().firstValueAsLong("content-length").orElseThrow();
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body().readNBytes((int) length / 2)).hasSize((int) length / 2);
        assertThatThrownBy(() -> response.body().readAllBytes()).isInstanceOf(IOException.class);
        assertThat(standIn.openCalls()).isZero();
    }

    @Test
    void answersCanHaveUnusableBodies() throws Exception {
        HttpResponse<String> notJson = call("not-json");
        assertThat(notJson.statusCode()).isEqualTo(200);
        assertThatThrownBy(() -> StandInClient.json(notJson)).isInstanceOf(JacksonException.class);

        HttpResponse<String> noChoices = call("no-choices");
        assertThat(noChoices.statusCode()).isEqualTo(200);
        assertThat(StandInClient.json(noChoices).has("choices")).isFalse();
        assertThat(StandInClient.json(noChoices).has("usage")).isTrue();

        HttpResponse<String> huge = call("huge=3MB");
        assertThat(huge.body()).hasSize(3 << 20);
        assertThat(StandInClient.json(huge).at("/choices/0/message/content").stringValue())
                .startsWith("xxx");
    }

    @Test
    void answersCanHaveEmptyContentAndUnknownFinishReasons() throws Exception {
        JsonNode empty = StandInClient.json(call("empty"));
        JsonNode odd = StandInClient.json(call("finish=sluiced"));

        assertThat(empty.at("/choices/0/message/content").stringValue()).isEmpty();
        assertThat(empty.at("/choices/0/finish_reason").stringValue()).isEqualTo("length");
        assertThat(odd.at("/choices/0/finish_reason").stringValue()).isEqualTo("sluiced");
    }

    @Test
    void latencyDelaysTheHeaders() throws Exception {
        standIn.apply(standIn.settings().withLatency(LatencyModel.parse("60ms..80ms")));
        long before = System.nanoTime();
        client.call("slow");
        long between = System.nanoTime();
        call("latency=150ms");
        long after = System.nanoTime();

        assertThat(between - before).isGreaterThanOrEqualTo(60_000_000L);
        assertThat(after - between).isGreaterThanOrEqualTo(150_000_000L);
    }
}
