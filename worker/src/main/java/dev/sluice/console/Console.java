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
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The console: assembles its parts, starts them and ends them. What {@link QueueFeed} reads goes to the pages by
 * {@link LiveEvents}. Requests go to {@link ConsoleRouter}. Thread-safe.
 */
public final class Console implements AutoCloseable {
    /** The connections beyond those of open pages, which a browser uses for the files. */
    private static final int SPARE_CONNECTIONS = 200;

    private final Vertx vertx;
    private final Context loop;
    private final LiveEvents events = new LiveEvents();
    private final HttpServer server;
    private final TopicReaders readers;
    private final ReplayRunner runner;
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
        this.readers = new TopicReaders(access);
        this.runner = new ReplayRunner(access.admin(), access.kafka(), access.topics(), clock, this::showReplay);
        ConnectionGuard connections = new ConnectionGuard(vertx, LiveEvents.MAX_PAGES + SPARE_CONNECTIONS);
        this.server = vertx.createHttpServer(options(config, identity));
        ConsoleRouter router = new ConsoleRouter(
                connections, rule, events, new QuestionsRoute(vertx, loop, readers, runner), this::wake);
        server.connectionHandler(connections::opened);
        server.requestHandler(router::handle);
        server.invalidRequestHandler(router::refuse);
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

    private void wake() {
        QueueFeed started = feed;
        if (started != null) {
            started.wake();
        }
    }

    private void showReplay(ReplayState state) {
        byte[] event = QueueEvents.replay(state);
        loop.runOnContext(unused -> events.replay(Buffer.buffer(event)));
    }

    /** Returns the port on which the console listens. */
    public int port() {
        return server.actualPort();
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
