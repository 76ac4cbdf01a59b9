package dev.sluice.worker.observe;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.sluice.worker.text.PrintableText;
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
 * Serves health probes and pages over HTTP. Thread-safe.
 *
 * <p>{@code /health/live} and {@code /health/ready} answer 200 or 503 and list what is wrong, one line for each
 * problem. Any path that is neither a probe nor a page is answered with 404 and the list of paths.
 */
public final class AdminServer implements AutoCloseable {
    private static final String LIVE = "/health/live";
    private static final String READY = "/health/ready";
    private static final int BACKLOG = 16;
    /** The number of threads. A client that stalls holds up no other client while there are several. */
    private static final int THREADS = 4;
    /** A client that stalls is cut off after this time, so that several of them block the port for a moment only. */
    private static final int MAX_REQUEST_SECONDS = 5;

    static {
        // System properties are the only way: the JDK reads them once, when it makes the first server.
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
     * Starts a server.
     *
     * @param address the address to listen on; port 0 takes a free one
     * @param pages the pages by their paths
     * @throws IOException if the port cannot be opened
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
            log.atError().addKeyValue("path", path).setCause(defect).log("Page failed");
            send(exchange, 500, "this page cannot be shown; the worker's log says why\n");
            return;
        }
        send(exchange, 200, content);
    }

    private static void probe(HttpExchange exchange, Supplier<List<String>> problems, Supplier<List<String>> warnings)
            throws IOException {
        List<String> found = problems.get();
        Stream<String> lines = found.isEmpty() ? Stream.of("ok") : found.stream();
        String text = Stream.concat(lines, warnings.get().stream())
                .map(PrintableText::line)
                .collect(Collectors.joining("\n", "", "\n"));
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
