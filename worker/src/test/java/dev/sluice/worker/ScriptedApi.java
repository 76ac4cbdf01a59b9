package dev.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An HTTP server that answers each chat request as a test says, to play edges and proxies. Thread-safe. */
final class ScriptedApi implements AutoCloseable {
    static final ScriptedAnswer COMPLETION =
            new ScriptedAnswer(200, "{\"choices\":[{\"message\":{\"content\":\"hi\"}}]}", Map.of());

    private static final Pattern CONTENT = Pattern.compile("\"content\":\"([^\"]*)\"");

    private final HttpServer server;
    private final ExecutorService threads = Executors.newFixedThreadPool(8);
    private final Map<String, AtomicInteger> calls = new ConcurrentHashMap<>();
    private volatile Script script = text -> COMPLETION;

    /** The answer to one call. */
    record ScriptedAnswer(int status, String body, Map<String, String> headers) {
        ScriptedAnswer(int status, String body) {
            this(status, body, Map.of());
        }
    }

    /** Chooses the answer to a request by the text of its message. */
    @FunctionalInterface
    interface Script {
        ScriptedAnswer answer(String text);
    }

    ScriptedApi() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 64);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    String baseUrl() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/v1";
    }

    void answers(Script next) {
        script = next;
    }

    int calls(String text) {
        AtomicInteger count = calls.get(text);
        return count == null ? 0 : count.get();
    }

    int calls() {
        return calls.values().stream().mapToInt(AtomicInteger::get).sum();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            if (exchange.getRequestMethod().equals("GET")) { // a worker asks for the models, which this API has none of
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            Matcher content =
                    CONTENT.matcher(new String(exchange.getRequestBody().readAllBytes(), UTF_8));
            String text = content.find() ? content.group(1) : "";
            calls.computeIfAbsent(text, first -> new AtomicInteger()).incrementAndGet();
            ScriptedAnswer answer = script.answer(text);
            byte[] body = answer.body().getBytes(UTF_8);
            answer.headers().forEach(exchange.getResponseHeaders()::set);
            exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
