package dev.sluice.console;

import dev.sluice.http.ConnectionGuard;
import dev.sluice.http.FileReads;
import dev.sluice.http.ReloadedFile;
import dev.sluice.http.TlsIdentity;
import dev.sluice.http.TlsReload;
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
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The console: assembles its parts, starts them and ends them. What {@link QueueFeed} reads goes to the pages by
 * {@link LiveEvents}. What a page asks goes to
 * {@link QuestionsRoute}. Thread-safe.
 */
public final class Console implements AutoCloseable {
    private static final String EVENTS = "/events";
    private static final String USER = "/user";

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
    private final PageFiles files = new PageFiles();
    private final LiveEvents events = new LiveEvents();
    private final ConnectionGuard connections;
    private final HttpServer server;
    private final TopicReaders readers;
    private final ReplayRunner runner;
    private final QuestionsRoute questions;
    private volatile @Nullable QueueFeed feed;

    private Console(
            Vertx vertx,
            ConsoleConfig config,
            Optional<TlsIdentity> identity,
            AccessRule rule,
            QueueAccess access,
            Clock clock) {
        this.vertx = vertx;
        this.loop = vertx.getOrCreateContext();
        this.rule = rule;
        this.readers = new TopicReaders(access);
        this.runner = new ReplayRunner(access.admin(), access.kafka(), access.topics(), clock, this::showReplay);
        this.questions = new QuestionsRoute(vertx, loop, readers, runner);
        this.connections = new ConnectionGuard(vertx, LiveEvents.MAX_PAGES + SPARE_CONNECTIONS);
        this.server = vertx.createHttpServer(options(config, identity));
        server.connectionHandler(connections::opened);
        server.requestHandler(this::handle);
        server.invalidRequestHandler(this::refuse);
    }

    /**
     * Starts a console and returns when it listens.
     *
     * @param reader reads the queue; the console closes it if it has started
     * @param access the way to the records of the queue
     * @throws dev.sluice.worker.text.CommandException if the history cannot be kept
     * @throws IllegalArgumentException if the file of users, the certificate or its key cannot be used. The message
     *     names it.
     * @throws CompletionException if the port cannot be opened
     */
    public static Console start(ConsoleConfig config, QueueReader reader, QueueAccess access) {
        Optional<ReloadedFile<ConsoleUsers>> users =
                config.users().map(source -> new ReloadedFile<>(source.file(), ConsoleUsers.FILE));
        AccessRule rule = users.<AccessRule>map(file ->
                        new UserRule(file::content, config.users().orElseThrow().header(), System::nanoTime))
                .orElseGet(() -> LocalRule.of(config.address()));
        Clock clock = Clock.systemUTC();
        HourHistory history = HourHistory.open(config.historyFile(), clock.millis());
        // Nothing here resolves class path resources to files.
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        try {
            Optional<TlsIdentity> identity = config.tls().map(pem -> new TlsIdentity(pem, vertx));
            Promise<Console> started = Promise.promise();
            vertx.runOnContext(now -> {
                Console console = new Console(vertx, config, identity, rule, access, clock);
                console.events.takeHistory(Buffer.buffer(QueueEvents.history(history.samples())));
                Future<Console> listening = console.server.listen().map(server -> console);
                var unused = listening.onComplete(started);
            });
            Console console =
                    started.future().toCompletionStage().toCompletableFuture().join();
            identity.ifPresent(first -> FileReads.start(
                    vertx, new TlsReload(config.tls().orElseThrow(), first, vertx, console.server)::reload));
            users.ifPresent(file -> FileReads.start(vertx, () -> console.readUsers(file)));
            console.read(reader, history, clock);
            return console;
        } catch (CompletionException | IllegalArgumentException e) {
            history.close();
            var unused = vertx.close();
            throw e;
        }
    }

    private static HttpServerOptions options(ConsoleConfig config, Optional<TlsIdentity> identity) {
        HttpServerOptions options = new HttpServerOptions();
        identity.ifPresent(shown -> options.setSsl(true).setUseAlpn(false).setKeyCertOptions(shown.options()));
        return options.setHost(config.address())
                .setPort(config.port())
                .setTcpKeepAlive(true)
                .setHttp2ClearTextEnabled(false);
    }

    /** Has all pages come again if the users have changed: one of them may not look any more. */
    private void readUsers(ReloadedFile<ConsoleUsers> file) {
        if (file.reload()) {
            loop.runOnContext(unused -> events.cutOff());
        }
    }

    /** Begins to read the queue. */
    private void read(QueueReader reader, HourHistory history, Clock clock) {
        QueueFeed started = new QueueFeed(reader, history, clock, events::isWatched, new QueueFeed.Listener() {
            @Override
            public void now(byte[] event) {
                loop.runOnContext(unused -> events.now(Buffer.buffer(event)));
            }

            @Override
            public void sampled(byte[] sample, byte[] all) {
                loop.runOnContext(unused -> events.sampled(Buffer.buffer(sample), Buffer.buffer(all)));
            }
        });
        started.start();
        feed = started;
    }

    private void showReplay(ReplayState state) {
        byte[] event = QueueEvents.replay(state);
        loop.runOnContext(unused -> events.replay(Buffer.buffer(event)));
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
        Optional<String> refusal = SameOrigin.refusal(request);
        if (refusal.isPresent()) {
            ShortAnswers.send(response, 403, refusal.get());
            return;
        }
        AccessRule.Decision decision = rule.check(request);
        if (decision instanceof AccessRule.Refused refused) {
            if (refused.status() == 401) {
                response.putHeader("www-authenticate", "Basic realm=\"Sluice\", charset=\"UTF-8\"");
            }
            ShortAnswers.send(response, refused.status(), refused.sentence());
            return;
        }
        ConsoleUser user = ((AccessRule.Admitted) decision).user();
        if (QuestionsRoute.isFor(request.path())) {
            if (isMethod(request, HttpMethod.POST)) {
                questions.handle(request, user, () -> connections.requestEnded(request.connection()));
            }
        } else if (isMethod(request, HttpMethod.GET)) {
            get(request, user);
        }
    }

    /** Returns whether a request has the right method. It is answered here if it has not. */
    private static boolean isMethod(HttpServerRequest request, HttpMethod method) {
        boolean isHead = method.equals(HttpMethod.GET) && request.method().equals(HttpMethod.HEAD);
        if (request.method().equals(method) || isHead) {
            return true;
        }
        HttpServerResponse response = request.response().putHeader(HttpHeaders.ALLOW, method.name());
        ShortAnswers.send(response, 405, "only " + method + " is answered here");
        return false;
    }

    private void get(HttpServerRequest request, ConsoleUser user) {
        String path = String.valueOf(request.path());
        switch (path) {
            case EVENTS -> stream(request);
            case USER -> ShortAnswers.json(request.response(), 200, user.json());
            default -> sendFile(request, path);
        }
    }

    private void stream(HttpServerRequest request) {
        HttpServerResponse response = request.response();
        if (events.isFull()) {
            ShortAnswers.send(response, 503, "as many pages are open as this console serves; close one");
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
        QueueFeed started = feed;
        if (started != null) {
            started.wake();
        }
    }

    private void sendFile(HttpServerRequest request, String path) {
        HttpServerResponse response = request.response();
        PageFiles.PageFile file = files.get(path);
        if (file == null) {
            ShortAnswers.send(response, 404, "there is nothing at this path; the console is at /");
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
        HttpServerResponse response = request.response().putHeader("connection", "close");
        response.closeHandler(closed -> request.connection().close());
        ShortAnswers.send(response, 400, "this is no valid HTTP request");
    }

    /** Stops to read and to listen. Pages that are open come back once another console listens. */
    @Override
    public void close() {
        runner.close();
        readers.close();
        QueueFeed started = feed;
        if (started != null) {
            started.close();
        }
        vertx.close().toCompletionStage().toCompletableFuture().join();
    }
}
