package dev.sluice.console;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;
import tools.jackson.databind.JsonNode;

/** Sends short answers, which no browser keeps. Stateless. */
final class ShortAnswers {
    private ShortAnswers() {}

    /** Sends a sentence. */
    static void send(HttpServerResponse response, int status, String sentence) {
        Future<Void> unused =
                end(response.setStatusCode(status), "text/plain; charset=utf-8", (sentence + "\n").getBytes(UTF_8));
    }

    static void json(HttpServerResponse response, int status, JsonNode json) {
        Future<Void> unused = end(
                response.setStatusCode(status),
                "application/json",
                json.toString().getBytes(UTF_8));
    }

    private static Future<Void> end(HttpServerResponse response, String contentType, byte[] body) {
        return response.putHeader(HttpHeaders.CONTENT_TYPE, contentType)
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .end(Buffer.buffer(body));
    }
}
