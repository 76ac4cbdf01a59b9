package dev.sluice.console;

import dev.sluice.http.ConnectionGuard;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;

/**
 * The console: assembles its parts, starts them and ends them. What {@link QueueFeed} reads goes to the pages by
 * {@link LiveEvents}. Thread-safe.
 */
public final class Console implements AutoCloseable {
    private static final String EVENTS = "/events";

    /** The connections beyond those of open pages, which a browser uses for the files. */
    private static final int SPARE_CONNECTIONS = 200;

    /** Nothing comes from elsewhere, nothing is inline, and no other page shows this one in a frame. */
    private static final Map<String, String> HEADERS = Map.of(
            "content-security-policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self';"
                    + " base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "x-content-type-options",
            "nosniff",
            "referrer-policy",
            "no-referrer",
            "cross-origin-resource-policy",
            "same-origin",
            "cross-origin-opener-policy",
            "same-origin");

    private final Vertx vertx;
    private final Context loop;
    private final AccessRule rule;
    private final PageFiles files;
    private final LiveEvents events = new LiveEvents();
    private final ConnectionGuard connections;
    private final HttpServer server;
    private final QueueFeed feed;

    private Console(
            Vertx vertx, ConsoleConfig config, PageFiles files, QueueReader reader, HourHistory history, Clock clock) {
        this.vertx = vertx;
        this.files = files;
        this.loop = vertx.getOrCreateContext();
        InetAddress address = new InetSocketAddress(config.address(), 0).getAddress();
        this.rule = new AccessRule(address != null && address.isLoopbackAddress());
        this.connections = new ConnectionGuard(vertx, LiveEvents.MAX_PAGES + SPARE_CONNECTIONS);
        this.server = vertx.createHttpServer(new HttpServerOptions()
                .setHost(config.address())
                .setPort(config.port())
                .setTcpKeepAlive(true)
                .setHttp2ClearTextEnabled(false));
        server.connectionHandler(connections::opened);
        server.requestHandler(this::handle);
        server.invalidRequestHandler(this::refuse);
        this.feed = new QueueFeed(reader, history, clock, events::isWatched, new QueueFeed.Listener() {
            @Override
            public void now(byte[] event) {
                loop.runOnContext(unused -> events.now(Buffer.buffer(event)));
            }

            @Override
            public void sampled(byte[] sample, byte[] all) {
                loop.runOnContext(unused -> events.sampled(Buffer.buffer(sample), Buffer.buffer(all)));
            }
        });
    }

    /**
     * Starts a console and returns when it listens.
     *
     * @param reader reads the queue; the console closes it if it has started
     * @throws dev.sluice.worker.text.CommandException if the history cannot be kept
     * @throws CompletionException if the port cannot be opened
     */
    public static Console start(ConsoleConfig config, QueueReader reader) {
        Clock clock = Clock.systemUTC();
        PageFiles files = new PageFiles();
        HourHistory history = HourHistory.open(config.historyFile(), clock.millis());
        // Nothing here resolves class path resources to files.
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        try {
            Promise<Console> started = Promise.promise();
            vertx.runOnContext(now -> {
                Console console = new Console(vertx, config, files, reader, history, clock);
                console.events.takeHistory(Buffer.buffer(QueueEvents.history(history.samples())));
                Future<Console> listening = console.server.listen().map(server -> console);
                var unused = listening.onComplete(started);
            });
            Console console =
                    started.future().toCompletionStage().toCompletableFuture().join();
            console.feed.start();
            return console;
        } catch (CompletionException e) {
            history.close();
            var unused = vertx.close();
            throw e;
        }
    }

    /** Returns the port on which the console listens. */
    public int port() {
        return server.actualPort();
    }

    private void handle(HttpServerRequest request) {
        connections.requestBegan(request.connection());
        HttpServerResponse response = request.response();
        response.closeHandler(closed -> connections.requestEnded(request.connection()));
        HEADERS.forEach(response::putHeader);
        Optional<String> refusal = rule.refusal(request);
        if (refusal.isPresent()) {
            var unused = send(response, 403, refusal.get());
        } else if (!request.method().equals(HttpMethod.GET) && !request.method().equals(HttpMethod.HEAD)) {
            var unused = send(response.putHeader(HttpHeaders.ALLOW, "GET, HEAD"), 405, "only GET is answered here");
        } else if (EVENTS.equals(request.path())) {
            stream(request);
        } else {
            sendFile(request);
        }
    }

    private void stream(HttpServerRequest request) {
        HttpServerResponse response = request.response();
        if (events.isFull()) {
            var unused = send(response, 503, "as many pages are open as this console serves; close one");
            return;
        }
        response.setChunked(true)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/event-stream")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .putHeader("x-accel-buffering", "no"); // nginx keeps back what is less than a buffer
        if (request.method().equals(HttpMethod.HEAD)) {
            var unused = response.end();
            return;
        }
        events.add(response, () -> connections.requestEnded(request.connection()));
        feed.wake();
    }

    private void sendFile(HttpServerRequest request) {
        HttpServerResponse response = request.response();
        PageFiles.PageFile file = files.get(request.path());
        if (file == null) {
            var unused = send(response, 404, "there is nothing at this path; the console is at /");
            return;
        }
        response.putHeader(HttpHeaders.CONTENT_TYPE, file.contentType())
                .putHeader(HttpHeaders.ETAG, file.tag())
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-cache"); // ask whether it has changed
        if (file.tag().equals(request.getHeader(HttpHeaders.IF_NONE_MATCH))) {
            var unused = response.setStatusCode(304).end();
        } else {
            var unused = response.end(Buffer.buffer(file.bytes()));
        }
    }

    private void refuse(HttpServerRequest request) {
        var unused = send(request.response().putHeader("connection", "close"), 400, "this is no valid HTTP request")
                .onComplete(sent -> request.connection().close());
    }

    private static Future<Void> send(HttpServerResponse response, int status, String sentence) {
        return response.setStatusCode(status)
                .putHeader(HttpHeaders.CONTENT_TYPE, "text/plain; charset=utf-8")
                .putHeader(HttpHeaders.CACHE_CONTROL, "no-store")
                .end(sentence + "\n");
    }

    /** Stops to read and to listen. Pages that are open come back once another console listens. */
    @Override
    public void close() {
        feed.close();
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
