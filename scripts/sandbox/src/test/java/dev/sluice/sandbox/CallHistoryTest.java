package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class CallHistoryTest {
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
    void countsRepeatedCalls() throws Exception {
        long before = System.nanoTime();
        client.call("once");
        client.call("twice [stand-in: status=500 times=1]");
        client.call("twice [stand-in: status=500 times=1]");

        assertThat(standIn.calls()).isEqualTo(3);
        assertThat(standIn.calls("once")).isEqualTo(1);
        assertThat(standIn.calls("twice [stand-in: status=500 times=1]")).isEqualTo(2);
        assertThat(standIn.calls("never")).isZero();
        assertThat(standIn.callsByStatus()).isEqualTo(Map.of(200, 2L, 500, 1L));
        List<ReceivedCall> history = standIn.history();
        assertThat(history).extracting(ReceivedCall::status).containsExactly(200, 500, 200);
        assertThat(history).extracting(ReceivedCall::model).containsOnly(StandInClient.MODEL);
        assertThat(history).extracting(ReceivedCall::nanoTime).isSorted().allMatch(time -> time >= before);
        assertThat(history.get(1).bodyHash()).isEqualTo(history.get(2).bodyHash());
        assertThat(history.get(0).bodyHash()).isNotEqualTo(history.get(1).bodyHash());
        assertThat(history.get(0).epochMillis())
                .isBetween(System.currentTimeMillis() - 60_000, System.currentTimeMillis());

        standIn.clearHistory();
        assertThat(standIn.calls()).isZero();
        assertThat(standIn.history()).isEmpty();
        assertThat(standIn.callsByStatus()).isEmpty();
        assertThat(standIn.lastRequest()).isEmpty();
    }

    @Test
    void recordsTheTokensThatTheLimiterCharged() throws Exception {
        standIn.apply(standIn.settings().withLimit(RateLimit.requests(1)));
        HttpResponse<String> answered = client.call("admitted");
        client.call("refused");
        client.call("never asked for [stand-in: status=500]");

        int tokens = StandInClient.json(answered).at("/usage/total_tokens").intValue();
        assertThat(standIn.history()).extracting(ReceivedCall::tokens).containsExactly(tokens, 0, 0);
        assertThat(standIn.history()).extracting(ReceivedCall::status).containsExactly(200, 429, 500);
        assertThat(standIn.history()).extracting(ReceivedCall::admitted).containsExactly(true, false, false);
        JsonNode shown = StandInClient.json(client.control("GET", "/control/history?max=3", ""));
        assertThat(shown.at("/calls/0/tokens").intValue()).isEqualTo(tokens);
    }

    @Test
    void aThousandSlowCallsAreOpenAtOnceWithoutAThreadEach() {
        standIn.apply(standIn.settings().withEdgeTimeout(Duration.ofMinutes(1)));
        int threads = Thread.activeCount();

        List<CompletableFuture<HttpResponse<String>>> slow = IntStream.range(0, 1000)
                .mapToObj(i -> client.callAsync("slow " + i + " [stand-in: latency=7s]"))
                .toList();
        await().atMost(Duration.ofSeconds(10)).until(() -> standIn.maxOpenCalls() == 1000);

        assertThat(Thread.activeCount() - threads).isLessThan(200);
        assertThat(slow)
                .allSatisfy(call -> assertThat(call)
                        .succeedsWithin(Duration.ofSeconds(20))
                        .extracting(HttpResponse::statusCode)
                        .isEqualTo(200));
        assertThat(standIn.openCalls()).isZero();
        assertThat(standIn.callsByStatus()).isEqualTo(Map.of(200, 1000L));
    }

    @Test
    void theOldestCallsAreRemovedBeyondTheCapacity() {
        CallHistory history = new CallHistory(3000);
        for (int i = 0; i < 10_000; i++) {
            ParsedChatBody request = request("text " + i % 7000);
            history.recordEnd(history.recordArrival(i, 0, request, emptyRequest()), 200 + i % 2);
        }

        assertThat(history.calls()).isEqualTo(10_000);
        assertThat(history.latest(Integer.MAX_VALUE)).hasSize(3000);
        assertThat(history.latest(2))
                .extracting(ReceivedCall::nanoTime, ReceivedCall::status)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(9998L, 200),
                        org.assertj.core.groups.Tuple.tuple(9999L, 201));
        assertThat(history.calls("text 10")).as("the second one only").isEqualTo(1);
        assertThat(history.calls("text 5000")).isZero();
        assertThat(history.calls("text 2999")).isEqualTo(1);
        assertThat(history.byStatus()).isEqualTo(Map.of(200, 5000L, 201, 5000L));
        assertThat(history.lastRequest("text 1")).isEmpty();
        assertThat(history.lastRequest("text 2999")).isPresent();
    }

    @Test
    void aCallThatEndsAfterTheHistoryWasClearedIsNotCounted() {
        CallHistory history = new CallHistory(10);
        CallHistory.Ticket ticket = history.recordArrival(1, 1, request("a"), emptyRequest());
        history.clear();
        history.recordArrival(2, 2, request("b"), emptyRequest());
        history.recordEnd(ticket, 500);

        assertThat(history.byStatus()).isEmpty();
        assertThat(history.latest(10)).extracting(ReceivedCall::status).containsExactly(0);
        assertThat(history.open()).isEqualTo(1);
        assertThat(history.maxOpen()).isEqualTo(2);
    }

    private static ParsedChatBody request(String text) {
        return ParsedChatBody.parse(StandInClient.body(text).toString().getBytes(StandardCharsets.UTF_8));
    }

    private static ReceivedRequest emptyRequest() {
        return new ReceivedRequest(Map.of(), new byte[1]);
    }

    @Test
    void controlShowsAndChangesTheSettings() throws Exception {
        client.call("x");

        HttpResponse<String> changed =
                client.control("PATCH", "/control", "{\"limits\":{\"perModel\":{\"requestsPerSecond\":7}}}");
        HttpResponse<String> put = client.control("PUT", "/control", "{\"access\":{\"apiKeys\":[\"secret\"]}}");
        HttpResponse<String> shown = client.control("GET", "/control", "");

        assertThat(changed.statusCode()).isEqualTo(200);
        assertThat(put.statusCode()).isEqualTo(200);
        assertThat(standIn.settings())
                .isEqualTo(
                        StandInSettings.DEFAULT.withLimit(RateLimit.requests(7)).withApiKeys("secret"));
        JsonNode json = StandInClient.json(shown);
        assertThat(json.at("/settings/limits/perModel/requestsPerSecond").doubleValue())
                .isEqualTo(7);
        assertThat(json.at("/counts/calls").intValue()).isEqualTo(1);
        assertThat(json.at("/counts/byStatus/200").intValue()).isEqualTo(1);
        assertThat(shown.body()).doesNotContain("secret");
    }

    @Test
    void controlRefusesUnknownKeysAndRoutes() throws Exception {
        HttpResponse<String> unknown = client.control("PATCH", "/control", "{\"acess\":{}}");

        assertThat(unknown.statusCode()).isEqualTo(400);
        assertThat(StandInClient.json(unknown).path("error").stringValue())
                .contains("unknown key 'acess'; did you mean 'access'?");
        assertThat(standIn.settings()).isEqualTo(StandInSettings.DEFAULT);
        assertThat(client.control("POST", "/control", "{}").statusCode()).isEqualTo(404);
        assertThat(client.control("GET", "/control/history?maximum=1", "").statusCode())
                .isEqualTo(400);
    }

    @Test
    void controlShowsAndClearsTheHistory() throws Exception {
        client.call("one");
        client.call("two");

        JsonNode all = StandInClient.json(client.control("GET", "/control/history", ""));
        JsonNode latest = StandInClient.json(client.control("GET", "/control/history?max=1", ""));
        HttpResponse<String> cleared = client.control("DELETE", "/control/history", "");

        assertThat(all.path("calls")).hasSize(2);
        assertThat(latest.path("calls")).hasSize(1);
        assertThat(latest.at("/calls/0/body").stringValue())
                .hasSize(16)
                .isEqualTo(all.at("/calls/1/body").stringValue());
        assertThat(latest.at("/calls/0/status").intValue()).isEqualTo(200);
        assertThat(cleared.statusCode()).isEqualTo(200);
        assertThat(standIn.calls()).isZero();
    }
}
