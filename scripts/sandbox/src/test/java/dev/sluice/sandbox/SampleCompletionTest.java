package dev.sluice.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

class SampleCompletionTest {
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
    void aCompletionHasEverythingTheApiGives() throws Exception {
        HttpResponse<String> response = client.call("How deep is the lock?");

        JsonNode json = StandInClient.json(response);
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).hasValue("application/json; charset=utf-8");
        assertThat(json.propertyNames())
                .containsExactly("id", "object", "created", "model", "prompt", "choices", "usage");
        assertThat(json.path("id").stringValue()).isNotBlank();
        assertThat(json.path("object").stringValue()).isEqualTo("chat.completion");
        assertThat(json.path("created").longValue()).isGreaterThan(1_700_000_000L);
        assertThat(json.path("model").stringValue()).isEqualTo(StandInClient.MODEL);
        assertThat(json.path("prompt").isArray()).isTrue();
        JsonNode choice = json.at("/choices/0");
        assertThat(choice.propertyNames()).containsExactly("index", "seed", "finish_reason", "message", "logprobs");
        assertThat(choice.path("logprobs").isNull()).isTrue();
        assertThat(choice.path("finish_reason").stringValue()).isEqualTo("stop");
        assertThat(choice.at("/message/role").stringValue()).isEqualTo("assistant");
        assertThat(choice.at("/message/content").stringValue()).isEqualTo("You said: How deep is the lock?");
        JsonNode usage = json.path("usage");
        assertThat(usage.path("prompt_tokens").intValue()).isEqualTo(4 + 6);
        assertThat(usage.path("completion_tokens").intValue()).isEqualTo(8);
        assertThat(usage.path("total_tokens").intValue()).isEqualTo(18);
    }

    @Test
    void choicesAndTokensAreAsAsked() throws Exception {
        standIn.apply(standIn.settings().withCompletionTokens(50).withWarnings("a warning"));

        ObjectNode body = StandInClient.body("x").put("n", 3).put("max_tokens", 20);
        JsonNode cut = StandInClient.json(client.send(client.request(body.toString())));
        JsonNode whole = StandInClient.json(client.call("x"));

        assertThat(cut.path("choices")).hasSize(3);
        assertThat(cut.at("/choices/2/index").intValue()).isEqualTo(2);
        assertThat(cut.at("/choices/2/finish_reason").stringValue()).isEqualTo("length");
        assertThat(cut.at("/choices/0/message/content").stringValue()).hasSize(80);
        assertThat(cut.at("/usage/completion_tokens").intValue()).isEqualTo(60);
        assertThat(whole.at("/choices/0/message/content").stringValue())
                .startsWith("You said: x")
                .hasSize(200);
        assertThat(whole.at("/choices/0/finish_reason").stringValue()).isEqualTo("stop");
        assertThat(whole.at("/warnings/0/message").stringValue()).isEqualTo("a warning");
    }

    @Test
    void callsAToolIfThatIsTheFinishReason() throws Exception {
        ObjectNode body = StandInClient.body("[stand-in: finish=tool_calls] in Paris");
        body.putArray("tools")
                .addObject()
                .put("type", "function")
                .putObject("function")
                .put("name", "weather");

        JsonNode called = StandInClient.json(client.send(client.request(body.toString())));
        JsonNode withoutTools = StandInClient.json(client.call("[stand-in: finish=tool_calls] in Paris"));

        assertThat(called.at("/choices/0/finish_reason").stringValue()).isEqualTo("tool_calls");
        assertThat(called.at("/choices/0/message/content").isNull()).isTrue();
        JsonNode call = called.at("/choices/0/message/tool_calls/0");
        assertThat(call.propertyNames()).containsExactly("id", "type", "function");
        assertThat(call.at("/function/name").stringValue()).isEqualTo("weather");
        assertThat(call.at("/function/arguments").stringValue())
                .isEqualTo("{\"said\":\"You said: [stand-in: finish=tool_calls] in Paris\"}");
        assertThat(withoutTools.at("/choices/0/message/content").stringValue()).contains("in Paris");
    }

    @Test
    void joinsContentInParts() throws Exception {
        ObjectNode body = StandInClient.body("");
        ((ObjectNode) body.at("/messages/0"))
                .putArray("content")
                .add(StandInClient.body("").objectNode().put("type", "text").put("text", "one "))
                .add(StandInClient.body("").objectNode().put("type", "text").put("text", "two"));

        JsonNode json = StandInClient.json(client.send(client.request(body.toString())));

        assertThat(json.at("/choices/0/message/content").stringValue()).isEqualTo("You said: one two");
        assertThat(standIn.calls("one two")).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            {"model":                                                          | Invalid JSON        |
            []                                                                 | must be a JSON object |
            {"messages":[{"role":"user"}]}                                     | model               | model
            {"model":"m"}                                                      | messages            | messages
            {"model":"m","messages":[]}                                        | messages            | messages
            {"model":"m","messages":[{"content":"x"}]}                         | role                | messages
            {"model":"m","messages":[{"role":"user"}],"max_tokens":0}          | max_tokens          | max_tokens
            {"model":"m","messages":[{"role":"user"}],"n":129}                 | n must be           | n
            {"model":"m","messages":[{"role":"user","content":"[stand-in: x]"}]} | unknown word 'x'  | messages
            """)
    void anInvalidBodyIsRejected(String body, String message, String param) throws Exception {
        HttpResponse<String> response = client.send(client.request(body));

        JsonNode error = StandInClient.json(response).path("error");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(error.path("message").stringValue()).contains(message);
        assertThat(error.path("type").stringValue()).isEqualTo("invalid_request_error");
        assertThat(error.path("param").stringValue(null)).isEqualTo(param);
        assertThat(error.path("code").isNull()).isTrue();
    }

    @Test
    void onlyAcceptedKeysMayCall() throws Exception {
        assertThat(client.call("any key").statusCode()).isEqualTo(200);
        standIn.apply(standIn.settings().withApiKeys("other", "another"));

        HttpResponse<String> rejected = client.call("x");
        String body = StandInClient.body("x").toString();

        assertThat(rejected.statusCode()).isEqualTo(401);
        assertThat(StandInClient.json(rejected).at("/error/code").stringValue()).isEqualTo("invalid_api_key");
        assertThat(client.send(client.request(body).setHeader("Authorization", "Bearer another"))
                        .statusCode())
                .isEqualTo(200);
        assertThat(client.send(client.request(body).setHeader("Authorization", "Basic other"))
                        .statusCode())
                .isEqualTo(401);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Java-http-client/17.0.15", "python-requests/2.32", " "})
    void theEdgeRejectsALibrarysUserAgent(String agent) throws Exception {
        var request = client.request(StandInClient.body("x").toString()).setHeader("User-Agent", agent);

        HttpResponse<String> rejected = client.send(request);
        standIn.apply(standIn.settings().withRefuseLibraryAgents(false));
        HttpResponse<String> accepted = client.send(request);

        assertThat(rejected.statusCode()).isEqualTo(403);
        assertThat(rejected.headers().firstValue("content-type").orElseThrow()).startsWith("text/html");
        assertThat(rejected.body()).contains("<html>").contains("403 Forbidden");
        assertThat(accepted.statusCode()).isEqualTo(200);
    }

    @Test
    void unknownModelsPathsAndMethodsAreRejected() throws Exception {
        standIn.apply(standIn.settings().withModels("another/model"));

        HttpResponse<String> unknown = client.call("x");

        assertThat(unknown.statusCode()).isEqualTo(404);
        assertThat(StandInClient.json(unknown).at("/error/code").stringValue()).isEqualTo("model_not_available");
        assertThat(client.control("GET", "/v1/embeddings", "").statusCode()).isEqualTo(404);
        assertThat(client.control("POST", "/v1/chat/completions/more", "").statusCode())
                .isEqualTo(404);
        assertThat(client.control("GET", "/v1/chat/completions", "").statusCode())
                .isEqualTo(405);
    }

    @Test
    void aBodyBeyondTheLimitIsTooLarge() throws Exception {
        var request = client.request("").POST(BodyPublishers.ofByteArray(new byte[(32 << 20) + 1]));

        assertThat(client.send(request).statusCode()).isEqualTo(413);
    }

    @Test
    void requestsAreKeptByteForByte() throws Exception {
        String body = StandInClient.body("Schleuße\n").toPrettyString() + "\r\n ";
        client.send(client.request(body).header("traceparent", "00-ab-cd-01"));
        client.call("another");

        ReceivedRequest received = standIn.lastRequest("Schleuße\n").orElseThrow();

        assertThat(received.body()).isEqualTo(body.getBytes(StandardCharsets.UTF_8));
        assertThat(received.header("TraceParent")).hasValue("00-ab-cd-01");
        assertThat(received.headers().get("user-agent")).isEqualTo(List.of("sluice-test"));
        assertThat(standIn.lastRequest("never sent")).isEmpty();
        assertThat(standIn.lastRequest().orElseThrow().body())
                .isEqualTo(StandInClient.body("another").toString().getBytes(StandardCharsets.UTF_8));
    }
}
