package dev.sluice.sandbox;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** Calls a stand-in over HTTP as a real client does. */
final class StandInClient {
    static final String MODEL = "test/model";

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private final String baseUrl;

    StandInClient(String baseUrl) {
        this.baseUrl = baseUrl;
    }

    /** Returns a valid request whose last message is {@code text}. */
    static ObjectNode body(String text) {
        ObjectNode body = JsonMapper.shared().createObjectNode().put("model", MODEL);
        body.putArray("messages").addObject().put("role", "user").put("content", text);
        return body;
    }

    HttpRequest.Builder request(String body) {
        return HttpRequest.newBuilder(URI.create(baseUrl + "/chat/completions"))
                .header("Authorization", "Bearer key")
                .header("User-Agent", "sluice-test")
                .timeout(Duration.ofSeconds(10))
                .POST(BodyPublishers.ofString(body));
    }

    HttpResponse<String> call(String text) throws IOException, InterruptedException {
        return send(request(body(text).toString()));
    }

    HttpResponse<String> send(HttpRequest.Builder request) throws IOException, InterruptedException {
        return client.send(request.build(), BodyHandlers.ofString());
    }

    HttpResponse<InputStream> open(String text) throws IOException, InterruptedException {
        return open(body(text));
    }

    HttpResponse<InputStream> open(ObjectNode body) throws IOException, InterruptedException {
        return client.send(request(body.toString()).build(), BodyHandlers.ofInputStream());
    }

    CompletableFuture<HttpResponse<String>> callAsync(String text) {
        return client.sendAsync(request(body(text).toString()).build(), BodyHandlers.ofString());
    }

    HttpResponse<String> control(String method, String path, String body) throws IOException, InterruptedException {
        URI uri = URI.create(baseUrl.substring(0, baseUrl.length() - "/v1".length()) + path);
        return send(HttpRequest.newBuilder(uri).method(method, BodyPublishers.ofString(body)));
    }

    static JsonNode json(HttpResponse<String> response) {
        return JsonMapper.shared().readTree(response.body());
    }
}
