package dev.sluice.worker.observe;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Answers probes over HTTP: {@code /health/live} and {@code /health/ready} with 200 or 503, and in the body what is wrong,
 * a line each. Everything else is refused. Listens on loopback only. Thread-safe.
 */
public final class AdminServer implements AutoCloseable {
    private static final String LIVE = "/health/live";
    private static final String READY = "/health/ready";
    private static final int BACKLOG = 16;
    /** More than one, so that a client that stalls holds up no other. */
    private static final int THREADS = 4;
    /** And so that any number of those does not for long, they are cut off after this. */
    private static final int MAX_REQUEST_SECONDS = 5;

    static {
        // the JDK's only way: read once, when the first server is made
        for (String bound : List.of("maxReqTime", "maxRspTime")) {
            System.setProperty("sun.net.httpserver." + bound, Integer.toString(MAX_REQUEST_SECONDS));
        }
    }

    private final HttpServer server;
    private final ExecutorService executor;

    private AdminServer(HttpServer server) {
        this.server = server;
        this.executor = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "sluice-admin");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Starts to answer.
     *
     * @param port 0 for a free one
     * @throws IOException where the port cannot be had
     */
    public static AdminServer start(int port, Health health) throws IOException {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
        AdminServer admin = new AdminServer(HttpServer.create(address, BACKLOG));
        admin.server.setExecutor(admin.executor);
        admin.server.createContext("/", exchange -> answer(exchange, health));
        admin.server.start();
        return admin;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    private static void answer(HttpExchange exchange, Health health) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            if (!method.equals("GET") && !method.equals("HEAD")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                send(exchange, 405, "only GET is answered here\n");
                return;
            }
            switch (exchange.getRequestURI().getPath()) {
                case LIVE -> probe(exchange, health::deadly, List::of);
                case READY ->
                    probe(
                            exchange,
                            () -> Stream.concat(health.deadly().stream(), health.hindrances().stream())
                                    .toList(),
                            health::notices);
                default -> send(exchange, 404, "there are " + LIVE + " and " + READY + "\n");
            }
        }
    }

    private static void probe(HttpExchange exchange, Supplier<List<String>> problems, Supplier<List<String>> notices)
            throws IOException {
        List<String> found = problems.get();
        Stream<String> lines = found.isEmpty() ? Stream.of("ok") : found.stream();
        String text = Stream.concat(lines, notices.get().stream()).collect(Collectors.joining("\n", "", "\n"));
        send(exchange, found.isEmpty() ? 200 : 503, text);
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        byte[] body = text.getBytes(UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : body.length);
        if (!head) {
            exchange.getResponseBody().write(body);
        }
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}
