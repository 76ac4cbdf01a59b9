package dev.sluice.gateway;

import dev.sluice.ChatQueue;
import dev.sluice.gateway.files.BatchStore;
import dev.sluice.gateway.files.BatchWatch;
import dev.sluice.gateway.files.FileStore;
import dev.sluice.gateway.files.FilesConfig;
import dev.sluice.http.ConnectionGuard;
import dev.sluice.http.FileReads;
import dev.sluice.http.ReloadedFile;
import dev.sluice.http.TlsIdentity;
import dev.sluice.http.TlsReload;
import dev.sluice.wire.UuidV7;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.util.internal.PlatformDependent;
import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.HttpServerRequest;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.FileSystemException;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The HTTP door: assembles its parts, starts them and ends them. A request takes this way: {@link DoorRouter},
 * {@link ChatRoute}, {@link BodyReader}, {@link ChatPublisher}, and {@link WaitingRequest} until its reply is there.
 * Thread-safe.
 */
public final class Gateway implements AutoCloseable {
    private static final int MAX_HEAD_BYTES = 64 * 1024;
    private static final int MAX_LINE_BYTES = 8 * 1024;
    private static final int BACKLOG = 1024;
    private static final long MAX_OPEN_ANSWER_BYTES = 128L << 20;
    private static final long MAX_UPLOAD_BYTES = 96L << 20;
    /** The connections beyond those that wait: idle ones, probes. */
    private static final int SPARE_CONNECTIONS = 2_000;

    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(5);
    private static final long SHOW_MILLIS = 500;
    private static final Duration WATCH_PAUSE = Duration.ofSeconds(10);

    private final Vertx vertx;
    private final Context loop;
    private final ChatPublisher publisher;
    private final WaitingRequests waiting;
    private final OpenAnswers openAnswers;
    private final UploadBudget uploads = new UploadBudget(MAX_UPLOAD_BYTES);
    private final ConnectionGuard connections;
    private final GatewayMeters meters;
    private final Optional<FilesRoute> files;
    private final DoorRouter router;
    private final HttpServer server;
    private final UuidV7 ids = new UuidV7(Clock.systemUTC(), new SecureRandom());

    private Gateway(
            Vertx vertx,
            GatewayConfig config,
            Optional<TlsIdentity> identity,
            CallerRule callers,
            Optional<Stores> stores,
            ChatQueue queue,
            GatewayHealth health,
            WorkerWatch workers,
            MeterRegistry registry,
            Supplier<byte[]> metrics) {
        this.vertx = vertx;
        this.loop = vertx.getOrCreateContext();
        this.publisher = new ChatPublisher(queue);
        this.waiting = new WaitingRequests(config.maxWaiting());
        this.openAnswers = new OpenAnswers(
                vertx, maxOpenAnswerBytes(), config.times().writeWithin().toMillis());
        this.connections = new ConnectionGuard(vertx, config.maxWaiting() + SPARE_CONNECTIONS);
        Optional<BatchWatch> watch = stores.map(opened -> new BatchWatch(opened.batches(), System::nanoTime));
        this.meters = new GatewayMeters(registry, workers, watch);
        Optional<FileTasks> tasks = stores.map(opened -> new FileTasks(vertx));
        Optional<TaskAnswers> answers = tasks.map(TaskAnswers::new);
        stores.ifPresent(opened ->
                FileUpkeep.start(vertx, tasks.orElseThrow(), opened.files(), opened.batches(), Clock.systemUTC()));
        watch.ifPresent(batches -> tasks.orElseThrow().every(WATCH_PAUSE, batches::look));
        this.files = stores.map(opened -> new FilesRoute(
                callers,
                opened.files(),
                config.files().orElseThrow(),
                tasks.orElseThrow(),
                answers.orElseThrow(),
                config.times()));
        this.router = new DoorRouter(
                new ChatRoute(loop, config, callers, publisher, waiting, uploads),
                new ModelsRoute(callers, workers),
                files,
                stores.map(opened ->
                        new BatchesRoute(callers, opened.batches(), answers.orElseThrow(), uploads, config.times())),
                health,
                new DoorWarnings(workers, watch),
                metrics);
        this.server = vertx.createHttpServer(options(config, identity));
        server.connectionHandler(connections::opened);
        server.requestHandler(this::handle);
        server.invalidRequestHandler(this::refuse);
        vertx.setPeriodic(SHOW_MILLIS, tick -> meters.show(waiting, openAnswers, uploads));
    }

    /**
     * Returns the most bytes of answers that clients have not taken yet. The server keeps them outside of the heap,
     * where they take up to twice their size. At the JVM's bound for that, each answer would hold up the event loop
     * for a second.
     */
    private static long maxOpenAnswerBytes() {
        return Math.min(MAX_OPEN_ANSWER_BYTES, PlatformDependent.maxDirectMemory() / 3);
    }

    /** The stores in the directory of files. */
    private record Stores(FileStore files, BatchStore batches) {}

    /**
     * Starts a door and returns when it listens.
     *
     * @param queue where requests go; the caller closes it after the door
     * @param health tells why requests cannot be served
     * @param workers knows who works on the queue; the caller closes it after the door
     * @param metrics returns the page of metrics, without waiting
     * @throws IllegalArgumentException if the file of keys, the certificate or its key, or the directory of files
     *     cannot be used. The message names it.
     * @throws CompletionException if the port cannot be opened
     */
    public static Gateway start(
            GatewayConfig config,
            ChatQueue queue,
            GatewayHealth health,
            WorkerWatch workers,
            MeterRegistry registry,
            Supplier<byte[]> metrics) {
        if (config.keysFile().isEmpty()) {
            InetAddress address = new InetSocketAddress(config.address(), 0).getAddress();
            boolean isLoopback = address != null && address.isLoopbackAddress();
            return start(config, new KeylessRule(isLoopback), queue, health, workers, registry, metrics);
        }
        ReloadedFile<DoorKeys> keys = new ReloadedFile<>(config.keysFile().get(), DoorKeys.FILE);
        Gateway gateway = start(config, new KeyRule(keys::content), queue, health, workers, registry, metrics);
        FileReads.start(gateway.vertx, keys::reload);
        return gateway;
    }

    static Gateway start(
            GatewayConfig config,
            CallerRule callers,
            ChatQueue queue,
            GatewayHealth health,
            WorkerWatch workers,
            MeterRegistry registry,
            Supplier<byte[]> metrics) {
        Optional<Stores> stores = config.files().map(Gateway::stores);
        // One event loop, so that its state has one owner. Nothing here resolves class path resources to files.
        Vertx vertx = Vertx.vertx(new VertxOptions()
                .setEventLoopPoolSize(1)
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false)));
        try {
            Optional<TlsIdentity> identity = config.tls().map(files -> new TlsIdentity(files, vertx));
            Promise<Gateway> started = Promise.promise();
            vertx.runOnContext(now -> {
                Gateway gateway = new Gateway(
                        vertx, config, identity, callers, stores, queue, health, workers, registry, metrics);
                Future<Gateway> listening = gateway.server.listen().map(server -> gateway);
                var unused = listening.onComplete(started);
            });
            Gateway gateway =
                    started.future().toCompletionStage().toCompletableFuture().join();
            identity.ifPresent(first -> FileReads.start(
                    vertx, new TlsReload(config.tls().orElseThrow(), first, vertx, gateway.server)::reload));
            return gateway;
        } catch (CompletionException | IllegalArgumentException e) {
            var unused = vertx.close();
            throw e;
        }
    }

    private static Stores stores(FilesConfig files) {
        try {
            SecureRandom random = new SecureRandom();
            return new Stores(
                    new FileStore(files, Clock.systemUTC(), random), new BatchStore(files, Clock.systemUTC(), random));
        } catch (IOException e) {
            // what Java says of a file is its name alone
            String reason = e instanceof FileSystemException ? e.toString() : String.valueOf(e.getMessage());
            throw new IllegalArgumentException("--files-dir " + files.directory() + " cannot be used: " + reason, e);
        }
    }

    private static HttpServerOptions options(GatewayConfig config, Optional<TlsIdentity> identity) {
        HttpServerOptions options = new HttpServerOptions();
        identity.ifPresent(shown -> options.setSsl(true).setUseAlpn(false).setKeyCertOptions(shown.options()));
        return options.setHost(config.address())
                .setPort(config.port())
                .setAcceptBacklog(BACKLOG)
                .setMaxInitialLineLength(MAX_LINE_BYTES)
                .setMaxHeaderSize(MAX_HEAD_BYTES)
                .setTcpKeepAlive(true)
                // Java's own client asks for an upgrade with its first body. Ignored, it goes on with HTTP/1.1.
                .setHttp2ClearTextEnabled(false);
    }

    /** Returns the port on which the door listens. */
    public int port() {
        return server.actualPort();
    }

    private void handle(HttpServerRequest request) {
        connections.requestBegan(request.connection());
        router.handle(exchange(request));
    }

    private ClientExchange exchange(HttpServerRequest request) {
        return new ClientExchange(vertx, request, ids.next().toString(), openAnswers, this::ended);
    }

    private void ended(ClientExchange exchange, int status, String outcome) {
        connections.requestEnded(exchange.request().connection());
        String route = DoorRouter.route(exchange.request().path());
        meters.ended(route, status, outcome, exchange.tookNanos());
        if (!DoorRouter.isProbe(route)) {
            AccessLog.write(exchange, route, status, outcome);
        }
    }

    /** Answers what is no HTTP in the same form as everything else. */
    private void refuse(HttpServerRequest request) {
        connections.requestBegan(request.connection());
        Throwable cause = request.decoderResult().cause();
        String name = cause == null ? "" : cause.getClass().getSimpleName();
        int status = name.startsWith("TooLongHttpHeader") ? 431 : name.startsWith("TooLongHttpLine") ? 414 : 400;
        ClientExchange exchange = exchange(request);
        exchange.closeAfterAnswer();
        exchange.send(ErrorBody.invalid(
                status,
                "invalid_http",
                null,
                "this is no valid HTTP request, or its head is" + " larger than " + MAX_HEAD_BYTES + " bytes"));
    }

    /**
     * Takes no new request, and lets those that wait have their replies, and take them, for up to this time. Those that
     * are left then are told to try elsewhere, and are cancelled.
     */
    public void drain(Duration timeout) {
        CompletableFuture<Void> empty = new CompletableFuture<>();
        loop.runOnContext(now -> {
            router.drain();
            whenIdle(() -> empty.complete(null));
        });
        try {
            empty.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            CompletableFuture<Void> stopped = new CompletableFuture<>();
            loop.runOnContext(now -> {
                waiting.stopAll(DoorRouter.draining());
                stopped.complete(null);
            });
            stopped.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        }
    }

    private void whenIdle(Runnable action) {
        Runnable last = () -> waiting.whenEmpty(() -> openAnswers.whenEmpty(action));
        files.ifPresentOrElse(route -> route.whenIdle(last), last);
    }

    /** Stops listening, lets answers that are being sent end, and releases everything but the queue. */
    @Override
    public void close() {
        join(server.shutdown(CLOSE_TIMEOUT));
        publisher.close();
        join(vertx.close());
    }

    private static void join(Future<Void> future) {
        future.toCompletionStage().toCompletableFuture().join();
    }
}
