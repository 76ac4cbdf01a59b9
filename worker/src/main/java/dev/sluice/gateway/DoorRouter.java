package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.vertx.core.http.HttpMethod;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Finds out what a request is for. It belongs to the event loop. */
final class DoorRouter {
    private static final String CHAT = "/chat/completions";
    private static final String LIVE = "/health/live";
    private static final String READY = "/health/ready";
    private static final String METRICS = "/metrics";
    private static final String FOR_CHAT = "there are POST /v1/chat/completions, GET /v1/models, GET /v1/models/ID, ";
    private static final String FOR_FILES =
            "GET and POST /v1/files, GET and DELETE /v1/files/ID, GET /v1/files/ID/content, GET and POST /v1/batches,"
                    + " GET /v1/batches/ID, POST /v1/batches/ID/cancel, ";
    private static final String FOR_OPERATORS = "GET /health/live, GET /health/ready and GET /metrics";
    private static final String TEXT = "text/plain; charset=utf-8";

    private final ChatRoute chat;
    private final ModelsRoute models;
    private final Optional<FilesRoute> files;
    private final Optional<BatchesRoute> batches;
    private final GatewayHealth health;
    private final Supplier<List<String>> warnings;
    private final Supplier<byte[]> metrics;
    private boolean isDraining;

    DoorRouter(
            ChatRoute chat,
            ModelsRoute models,
            Optional<FilesRoute> files,
            Optional<BatchesRoute> batches,
            GatewayHealth health,
            Supplier<List<String>> warnings,
            Supplier<byte[]> metrics) {
        this.chat = chat;
        this.models = models;
        this.files = files;
        this.batches = batches;
        this.health = health;
        this.warnings = warnings;
        this.metrics = metrics;
    }

    /** Takes no request from now on. */
    void drain() {
        isDraining = true;
        chat.drain();
    }

    /** Returns a word for the route of a path, for metrics and logs. */
    static String route(String path) {
        String normal = normal(path);
        return switch (normal) {
            case CHAT -> "chat";
            case LIVE, READY -> "health";
            case METRICS -> "metrics";
            default ->
                FilesRoute.isFor(normal)
                        ? "files"
                        : BatchesRoute.isFor(normal) ? "batches" : ModelsRoute.isFor(normal) ? "models" : "other";
        };
    }

    /** Returns true if a route is asked for again and again by machines, and tells a log nothing. */
    static boolean isProbe(String route) {
        return route.equals("health") || route.equals("metrics");
    }

    void handle(ClientExchange exchange) {
        String path = normal(exchange.request().path());
        switch (path) {
            case CHAT -> chat(exchange);
            case LIVE -> get(exchange, () -> text(200, List.of("ok")));
            case READY -> get(exchange, this::ready);
            case METRICS ->
                get(exchange, () -> new HttpAnswer(200, "text/plain; version=0.0.4", Map.of(), metrics.get(), "ok"));
            default -> {
                if (ModelsRoute.isFor(path)) {
                    get(exchange, () -> models.answer(exchange, path));
                } else if (FilesRoute.isFor(path) && files.isPresent()) {
                    unlessDraining(exchange, () -> files.get().handle(exchange, path));
                } else if (BatchesRoute.isFor(path) && batches.isPresent()) {
                    unlessDraining(exchange, () -> batches.get().handle(exchange, path));
                } else {
                    exchange.send(ErrorBody.invalid(404, "unknown_path", null, unknown(path)));
                }
            }
        }
    }

    /** Returns a path without /v1, which some clients send and others do not, and without a slash at its end. */
    private static String normal(@Nullable String path) {
        String normal = path == null ? "/" : path;
        while (normal.length() > 1 && normal.endsWith("/")) {
            normal = normal.substring(0, normal.length() - 1);
        }
        return normal.startsWith("/v1/") ? normal.substring("/v1".length()) : normal;
    }

    private void unlessDraining(ClientExchange exchange, Runnable action) {
        if (isDraining) {
            exchange.closeAfterAnswer();
            exchange.send(draining());
        } else {
            action.run();
        }
    }

    private String unknown(String path) {
        if (path.equals("/responses")) {
            return "the Responses API is not served here; have the client use chat completions: in the Agents SDK"
                    + " set_default_openai_api(\"chat_completions\"), in the AI SDK openai.chat(model)";
        }
        if ((FilesRoute.isFor(path) || BatchesRoute.isFor(path)) && files.isEmpty()) {
            return "this gateway stores no files and runs no batches; its operator has to start it with --files-dir";
        }
        return "this path does not exist; " + FOR_CHAT + (files.isPresent() ? FOR_FILES : "") + FOR_OPERATORS;
    }

    private void chat(ClientExchange exchange) {
        if (!exchange.request().method().equals(HttpMethod.POST)) {
            exchange.send(wrongMethod("POST"));
        } else {
            unlessDraining(exchange, () -> chat.handle(exchange));
        }
    }

    static HttpAnswer draining() {
        return ErrorBody.busy(503, "shutting_down", "this gateway is shutting down; try again", 1);
    }

    static HttpAnswer wrongMethod(String allowed) {
        return ErrorBody.invalid(405, "wrong_method", null, "this path takes " + allowed + " only")
                .with("allow", allowed);
    }

    private void get(ClientExchange exchange, Supplier<HttpAnswer> answer) {
        HttpMethod method = exchange.request().method();
        exchange.send(
                method.equals(HttpMethod.GET) || method.equals(HttpMethod.HEAD) ? answer.get() : wrongMethod("GET"));
    }

    private HttpAnswer ready() {
        List<String> problems = isDraining ? List.of("the gateway is shutting down") : health.problems();
        return problems.isEmpty()
                ? text(
                        200,
                        Stream.concat(Stream.of("ok"), warnings.get().stream()).toList())
                : text(503, problems);
    }

    private static HttpAnswer text(int status, List<String> lines) {
        byte[] body = (String.join("\n", lines) + "\n").getBytes(UTF_8);
        return new HttpAnswer(status, TEXT, Map.of(), body, status == 200 ? "ok" : "not_ready");
    }
}
