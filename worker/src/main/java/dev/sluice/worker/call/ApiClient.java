package dev.sluice.worker.call;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pieces.PieceStream;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls the API over HTTP. Thread-safe. No method blocks except {@link #close}.
 *
 * <p>Everything that happens to a call happens on one event loop, so that nothing here needs a lock.
 */
public final class ApiClient implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ApiClient.class);
    private static final Duration CLOSE_BOUND = Duration.ofSeconds(5);

    private final Supplier<String> apiKey;
    private final Bounds bounds;
    private final Consumer<Throwable> onDeath;
    private final Vertx vertx;
    private final Context loop;
    private final ApiConnections connections;
    private final AnswerMemory memory;
    private final Map<Request, HttpCall> inFlight = new ConcurrentHashMap<>();
    /** The calls that are made for no request. */
    private final Set<HttpCall> listings = ConcurrentHashMap.newKeySet();

    /** Written by the event loop only. */
    private final AtomicInteger openStreams = new AtomicInteger();

    private volatile boolean closed;

    /**
     * The API that is called, and the way to it.
     *
     * @param baseUrl the API's address without the path of chat completions
     * @param proxy the proxy on the way to it
     * @param authorities certificates that are trusted besides those that the JVM trusts
     */
    public record Target(URI baseUrl, Optional<ApiProxy> proxy, List<X509Certificate> authorities) {
        public Target {
            authorities = List.copyOf(authorities);
        }

        /** Makes a target that is called directly. */
        public static Target of(URI baseUrl) {
            return new Target(baseUrl, Optional.empty(), List.of());
        }
    }

    /**
     * The bounds on calls.
     *
     * @param timeout the deadline of a whole call, from the look-up of its host to the last byte of its body; where the
     *     answer comes as a stream, the deadline of its first byte, and the longest time without another one
     * @param streamTimeout the deadline of a whole call whose answer comes as a stream
     * @param maxCalls the most calls under way at once
     * @param maxResponseBytes the largest answer that is accepted, counted after unpacking
     * @param answerBytes the memory from which on answers are read one after the other
     */
    public record Bounds(
            Duration timeout, Duration streamTimeout, int maxCalls, int maxResponseBytes, long answerBytes) {
        /** The time of a call whose answer comes as a stream, in times that of another call. */
        private static final int STREAM_FACTOR = 12;

        public Bounds(Duration timeout, int maxCalls, int maxResponseBytes, long answerBytes) {
            this(timeout, timeout.multipliedBy(STREAM_FACTOR), maxCalls, maxResponseBytes, answerBytes);
        }
    }

    /**
     * Creates a client with threads of its own.
     *
     * @param apiKey the source of the key; asked at every call
     * @param onDeath receives the reason, at least once, when this client can make no more calls. The calls under way
     *     may never end then.
     */
    public ApiClient(Target target, Supplier<String> apiKey, Bounds bounds, Consumer<Throwable> onDeath) {
        this(target, apiKey, bounds, ApiConnections.IDLE, onDeath);
    }

    ApiClient(Target target, Supplier<String> apiKey, Bounds bounds, Duration idle, Consumer<Throwable> onDeath) {
        this.apiKey = apiKey;
        this.bounds = bounds;
        this.onDeath = onDeath;
        this.vertx = Vertx.vertx(options());
        this.loop = vertx.getOrCreateContext();
        this.connections = new ApiConnections(vertx, target, bounds.maxCalls(), idle);
        this.memory = new AnswerMemory(bounds.answerBytes());
        // The loop survives what its handlers throw. An exception here is about one connection, an error about all.
        vertx.exceptionHandler(failure -> {
            if (failure instanceof Error) {
                died(failure);
            } else {
                log.atWarn()
                        .addKeyValue("reason", FailureWords.of(failure))
                        .log("HTTP connection failed outside of a call");
            }
        });
        loop.runOnContext(unused -> watch(Thread.currentThread()));
    }

    private static VertxOptions options() {
        return new VertxOptions()
                .setEventLoopPoolSize(1)
                // only for the look-up of names
                .setWorkerPoolSize(1)
                .setInternalBlockingPoolSize(1)
                .setUseDaemonThread(true)
                // The heartbeat tells of a loop that hangs.
                .setBlockedThreadCheckInterval(TimeUnit.DAYS.toMillis(365))
                // It would make a folder, which a read-only container has no place for.
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false));
    }

    /** Waits for the end of the loop's thread, on a thread that does nothing else. */
    private void watch(Thread thread) {
        Thread watch = new Thread(
                () -> {
                    try {
                        thread.join();
                        died(new IllegalStateException("the thread of the HTTP client has ended"));
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "sluice-http-watch");
        watch.setDaemon(true);
        watch.start();
    }

    private void died(Throwable reason) {
        if (!closed) {
            onDeath.accept(reason);
        }
    }

    /** Makes the loop run {@code heartbeat} every second for as long as it lives. */
    public void beat(Runnable heartbeat) {
        vertx.setPeriodic(0, 1_000, unused -> heartbeat.run());
    }

    /**
     * Warms the client up for the first call, which takes some tenths of a second. If it fails, only the first calls
     * are slower.
     *
     * @param executor runs the warm-up on a thread of its own
     * @param atMost upper bound on the wait, even if the warm-up hangs
     * @return completes normally in every case
     */
    public CompletableFuture<Void> warmUp(Executor executor, Duration atMost) {
        return ClientWarmUp.start(connections::post, executor, atMost);
    }

    /**
     * Starts one call.
     *
     * @param headers headers to send beside our own; names and values must be valid for HTTP
     * @param pieces takes the chunks of an answer that comes as a stream, on the event loop
     * @param onSend runs on the event loop when the request is sent; never runs if the call ends before that, and
     *     twice if a kept connection turns out to be stale
     * @param progress takes what an answer that comes as a stream tells before its end
     * @param onEnd receives the result, once. It runs on the event loop, or on the thread of the caller if the client
     *     is closed, and must not block.
     */
    public void call(
            Request request,
            Map<String, String> headers,
            PieceStream pieces,
            Runnable onSend,
            StreamProgress progress,
            BiConsumer<Request, CallResult> onEnd) {
        String key;
        try {
            key = apiKey.get();
        } catch (RuntimeException e) {
            onEnd.accept(request, HttpCall.unsendable(e, 0));
            return;
        }
        HttpCall call = new HttpCall(
                surroundings(),
                new HttpCall.Message(
                        ApiConnections.Endpoint.CHAT,
                        request.body(),
                        key,
                        headers,
                        request.choices(),
                        pieces,
                        progress),
                onSend,
                result -> {
                    inFlight.remove(request);
                    onEnd.accept(request, result);
                });
        inFlight.put(request, call);
        start(call);
    }

    /**
     * Asks the API for its models.
     *
     * @param onEnd receives the result, once, as that of {@link #call} does
     */
    public void listModels(Consumer<CallResult> onEnd) {
        String key;
        try {
            key = apiKey.get();
        } catch (RuntimeException e) {
            onEnd.accept(HttpCall.unsendable(e, 0));
            return;
        }
        AtomicReference<HttpCall> self = new AtomicReference<>();
        HttpCall call = new HttpCall(
                surroundings(), new HttpCall.Message(ApiConnections.Endpoint.MODELS, key), () -> {}, result -> {
                    listings.remove(self.get());
                    onEnd.accept(result);
                });
        self.set(call);
        listings.add(call);
        start(call);
    }

    private HttpCall.Surroundings surroundings() {
        return new HttpCall.Surroundings(vertx, connections, memory, bounds, openStreams, onDeath);
    }

    private void start(HttpCall call) {
        onLoop(
                () -> {
                    if (closed) {
                        call.cancel();
                    } else {
                        call.start();
                    }
                },
                call::cancel);
    }

    /** Cancels the calls of these assignments. Each ends as {@link CallResult.Cancelled}. */
    public void cancel(Collection<Assignment> assignments) {
        inFlight.forEach((request, call) -> {
            if (assignments.contains(request.assignment())) {
                onLoop(call::cancel, () -> {});
            }
        });
    }

    /** Aborts the calls of these requests. Each ends as {@link CallResult.Aborted}, unless it has ended before. */
    public void abort(Predicate<Request> which) {
        inFlight.forEach((request, call) -> {
            if (which.test(request)) {
                onLoop(call::abort, () -> {});
            }
        });
    }

    /** Returns the number of answers that are being read as streams. */
    public int openStreams() {
        return openStreams.get();
    }

    private void onLoop(Runnable action, Runnable otherwise) {
        try {
            loop.runOnContext(unused -> action.run());
        } catch (RejectedExecutionException e) {
            died(e);
            otherwise.run();
        }
    }

    /** Cancels every call in flight and ends the threads. */
    @Override
    public void close() {
        closed = true;
        CountDownLatch ended = new CountDownLatch(1);
        onLoop(
                () -> {
                    inFlight.values().forEach(HttpCall::cancel);
                    listings.forEach(HttpCall::cancel);
                    ended.countDown();
                },
                ended::countDown);
        try {
            if (!ended.await(CLOSE_BOUND.toMillis(), TimeUnit.MILLISECONDS)) {
                log.atWarn().addKeyValue("after", CLOSE_BOUND).log("HTTP client does not end");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        var unused = vertx.close();
    }
}
