package dev.sluice.sandbox;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Executor;

/**
 * Configures the JDK's HTTP server for thousands of slow calls. An unfinished exchange holds a socket and some memory
 * but no thread.
 */
final class HttpPort {
    private static final int BACKLOG = 4096;
    private static final int MAX_REQUEST_BYTES = 32 << 20;

    static {
        // The server reads these properties once, when its classes load. By default it closes idle connections beyond
        // 200 and after 30 s, just when a client wants to use them again. It also waits for acknowledgements (Nagle)
        // between headers and body.
        setDefault("sun.net.httpserver.maxIdleConnections", "20000");
        setDefault("sun.net.httpserver.idleInterval", "600");
        setDefault("sun.net.httpserver.nodelay", "true");
    }

    private HttpPort() {}

    static HttpServer open(InetSocketAddress address, Executor executor) throws IOException {
        HttpServer server = HttpServer.create(address, BACKLOG);
        server.setExecutor(executor);
        return server;
    }

    private static void setDefault(String property, String value) {
        if (System.getProperty(property) == null) {
            System.setProperty(property, value);
        }
    }

    /** Runs {@code handler}. If it throws a runtime exception, the caller gets a 500 and the log gets the exception. */
    static HttpHandler withErrorAnswer(HttpHandler handler) {
        return exchange -> {
            try {
                handler.handle(exchange);
            } catch (RuntimeException e) {
                System.getLogger(TogetherStandIn.class.getName())
                        .log(System.Logger.Level.ERROR, "Stand-in failed to answer a call", e);
                send(
                        exchange,
                        PlannedAnswer.json(500, Map.of(), "{\"error\":{\"message\":\"the stand-in has a defect\"}}"));
            }
        };
    }

    static ReceivedRequest receive(HttpExchange exchange) throws IOException {
        Map<String, List<String>> headers = new HashMap<>();
        exchange.getRequestHeaders()
                .forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), List.copyOf(values)));
        try (InputStream body = exchange.getRequestBody()) {
            return new ReceivedRequest(headers, body.readNBytes(MAX_REQUEST_BYTES + 1));
        }
    }

    static boolean isTooLarge(ReceivedRequest received) {
        return received.sharedBody().length > MAX_REQUEST_BYTES;
    }

    /** Sends {@code answer} by its delivery. After a hang the exchange stays open. */
    static void send(HttpExchange exchange, PlannedAnswer answer) throws IOException {
        switch (answer.delivery()) {
            case WHOLE -> {
                try (OutputStream body = sendHeaders(exchange, answer)) {
                    answer.body().writeTo(body);
                } finally {
                    exchange.close();
                }
            }
            case CUT -> exchange.close();
            case CUT_BODY -> {
                try {
                    sendHalf(exchange, answer);
                } finally {
                    exchange.close();
                }
            }
            case HANG_BODY -> sendHalf(exchange, answer);
            case HANG -> {}
        }
    }

    private static void sendHalf(HttpExchange exchange, PlannedAnswer answer) throws IOException {
        OutputStream body = sendHeaders(exchange, answer);
        answer.body().writeHalfTo(body);
        body.flush();
    }

    /**
     * Sends the headers of a stream and returns its body. One that will be cut has a length, since this server ends a
     * body without a length as if it were whole.
     */
    static OutputStream beginEvents(HttpExchange exchange, PlannedAnswer answer, boolean isCut) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", answer.body().type());
        answer.headers().forEach(exchange.getResponseHeaders()::set);
        long length = answer.events().stream()
                .mapToLong(event -> event.bytes().length)
                .sum();
        exchange.sendResponseHeaders(answer.status(), isCut ? length + 1 : 0);
        return exchange.getResponseBody();
    }

    private static OutputStream sendHeaders(HttpExchange exchange, PlannedAnswer answer) throws IOException {
        Headers headers = exchange.getResponseHeaders();
        headers.set("Content-Type", answer.body().type());
        answer.headers().forEach(headers::set);
        long length = answer.body().length();
        // For this server, 0 is a body of unknown length and -1 is none.
        exchange.sendResponseHeaders(answer.status(), length == 0 ? -1 : length);
        return exchange.getResponseBody();
    }
}
