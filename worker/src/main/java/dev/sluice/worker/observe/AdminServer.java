package dev.sluice.worker.observe;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers over HTTP: {@code /health/live} and {@code /health/ready} with 200 or 503, and in the body what is wrong, a line
 * each; and the pages it is given. Everything else is refused. Thread-safe.
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

    private static final Logger log = LoggerFactory.getLogger(AdminServer.class);

    private final HttpServer server;
    private final HealthChecks health;
    private final Map<String, AdminPage> pages;
    private final ExecutorService executor;

    private AdminServer(HttpServer server, HealthChecks health, Map<String, AdminPage> pages) {
        this.server = server;
        this.health = health;
        this.pages = new TreeMap<>(pages);
        this.executor = Executors.newFixedThreadPool(THREADS, task -> {
            Thread thread = new Thread(task, "sluice-admin");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Starts to answer.
     *
     * @param address where to listen; port 0 for a free one
     * @param pages by their paths
     * @throws IOException where the port cannot be had
     */
    public static AdminServer start(InetSocketAddress address, HealthChecks health, Map<String, AdminPage> pages)
            throws IOException {
        AdminServer admin = new AdminServer(HttpServer.create(address, BACKLOG), health, pages);
        admin.server.setExecutor(admin.executor);
        admin.server.createContext("/", admin::answer);
        admin.server.start();
        return admin;
    }

    public int port() {
        return server.getAddress().getPort();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String method = exchange.getRequestMethod();
            if (!method.equals("GET") && !method.equals("HEAD")) {
                exchange.getResponseHeaders().set("Allow", "GET, HEAD");
                send(exchange, 405, "only GET is answered here\n");
                return;
            }
            String path = exchange.getRequestURI().getPath();
            switch (path) {
                case LIVE -> probe(exchange, health::livenessFailures, List::of);
                case READY ->
                    probe(
                            exchange,
                            () -> Stream.concat(health.livenessFailures().stream(), health.readinessFailures().stream())
                                    .toList(),
                            health::warnings);
                default -> show(exchange, path);
            }
        }
    }

    private void show(HttpExchange exchange, String path) throws IOException {
        AdminPage page = pages.get(path);
        if (page == null) {
            String known = Stream.concat(Stream.of(LIVE, READY), pages.keySet().stream())
                    .collect(Collectors.joining(", "));
            send(exchange, 404, "there are " + known + "\n");
            return;
        }
        String accept = exchange.getRequestHeaders().getFirst("Accept");
        AdminPage.Content content;
        try {
            content = page.now(accept == null ? "" : accept);
        } catch (RuntimeException defect) {
            log.atError().addKeyValue("path", path).setCause(defect).log("page cannot be shown");
            send(exchange, 500, "this page cannot be shown; the worker's log says why\n");
            return;
        }
        send(exchange, 200, content);
    }

    private static void probe(HttpExchange exchange, Supplier<List<String>> problems, Supplier<List<String>> notices)
            throws IOException {
        List<String> found = problems.get();
        Stream<String> lines = found.isEmpty() ? Stream.of("ok") : found.stream();
        String text = Stream.concat(lines, notices.get().stream()).collect(Collectors.joining("\n", "", "\n"));
        send(exchange, found.isEmpty() ? 200 : 503, text);
    }

    private static void send(HttpExchange exchange, int status, String text) throws IOException {
        send(exchange, status, new AdminPage.Content("text/plain; charset=utf-8", text.getBytes(UTF_8)));
    }

    private static void send(HttpExchange exchange, int status, AdminPage.Content content) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", content.type());
        boolean head = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(status, head ? -1 : content.body().length);
        if (!head) {
            exchange.getResponseBody().write(content.body());
        }
    }

    @Override
    public void close() {
        server.stop(0);
        executor.shutdownNow();
    }
}
