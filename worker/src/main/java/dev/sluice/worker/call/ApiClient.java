package dev.sluice.worker.call;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.TogetherApi;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Calls the API over HTTP. Thread-safe. No method blocks except {@link #close}. */
public final class ApiClient implements AutoCloseable {
    private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
    private static final String USER_AGENT = "sluice-worker";

    private final URI endpoint;
    private final Supplier<String> apiKey;
    private final Duration timeout;
    private final int maxResponseBytes;
    private final ExecutorService executor;
    private final ScheduledExecutorService deadlines;
    private final HttpClient client;
    private final Map<Request, Exchange> inFlight = new ConcurrentHashMap<>();

    /**
     * Creates a client with threads of its own.
     *
     * @param baseUrl the API's address without the path of chat completions
     * @param apiKey the source of the key; asked at every call
     * @param timeout the deadline of a whole call, body included
     * @param maxResponseBytes the largest answer that is accepted
     */
    public ApiClient(URI baseUrl, Supplier<String> apiKey, Duration timeout, int maxResponseBytes) {
        this.endpoint = TogetherApi.chatCompletions(baseUrl);
        this.apiKey = apiKey;
        this.timeout = timeout;
        this.maxResponseBytes = maxResponseBytes;
        // On two processors the common pool has one thread, and every asynchronous step would start another.
        this.executor = Executors.newFixedThreadPool(
                Math.max(2, Runtime.getRuntime().availableProcessors()), daemon("sluice-http"));
        this.deadlines = deadlines();
        this.client = HttpClient.newBuilder()
                // Over HTTP/2 the client opens one connection and fails when that has no stream left.
                .version(HttpClient.Version.HTTP_1_1)
                // The key would go with a redirect.
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT_TIMEOUT)
                .executor(executor)
                .build();
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
        return ClientWarmUp.start(client, executor, atMost);
    }

    private static ScheduledExecutorService deadlines() {
        ScheduledThreadPoolExecutor deadlines = new ScheduledThreadPoolExecutor(1, daemon("sluice-deadlines"));
        // Without this, a completed call's deadline and its request would stay queued for up to the call timeout.
        deadlines.setRemoveOnCancelPolicy(true);
        return deadlines;
    }

    private static ThreadFactory daemon(String name) {
        return task -> {
            Thread thread = new Thread(task, name);
            thread.setDaemon(true);
            return thread;
        };
    }

    /**
     * Starts one call.
     *
     * @param headers headers to send beside our own; names and values must be valid for HTTP
     * @param onSend runs on a thread of this class when the request is sent; never runs if the call ends before that
     * @param onEnd receives the result, once. It runs on a thread of this class, or on the thread that cancels the
     *     call, and must not block.
     */
    public void call(
            Request request, Map<String, String> headers, Runnable onSend, BiConsumer<Request, CallResult> onEnd) {
        Exchange exchange = new Exchange(request, headers, onSend, onEnd);
        inFlight.put(request, exchange);
        exchange.start();
    }

    /** Cancels the calls of these assignments. Each ends as {@link CallResult.Cancelled}. */
    public void cancel(Collection<Assignment> assignments) {
        inFlight.forEach((request, exchange) -> {
            if (assignments.contains(request.assignment())) {
                exchange.abort(AbortReason.CANCELLED);
            }
        });
    }

    /** Cancels every call in flight and ends the threads. */
    @Override
    public void close() {
        inFlight.values().forEach(exchange -> exchange.abort(AbortReason.CANCELLED));
        deadlines.shutdownNow();
        executor.shutdown();
    }

    private HttpRequest httpRequest(Request request, Map<String, String> headers, Runnable onSend) {
        HttpRequest.Builder http = HttpRequest.newBuilder(endpoint)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .header("User-Agent", USER_AGENT)
                .header("Authorization", "Bearer " + apiKey.get())
                .POST(new SendNotifyingBody(request.body(), onSend));
        headers.forEach(http::header);
        return http.build();
    }

    private enum AbortReason {
        TIMEOUT,
        CANCELLED
    }

    /** A call from its start to its end. */
    private final class Exchange {
        private final Request request;
        private final Map<String, String> headers;
        private final Runnable onSend;
        private final BiConsumer<Request, CallResult> onEnd;
        private final long startedAt = System.nanoTime();
        private volatile boolean sent;
        private volatile @Nullable AbortReason abortReason;
        private volatile @Nullable CompletableFuture<HttpResponse<byte[]>> response;

        Exchange(Request request, Map<String, String> headers, Runnable onSend, BiConsumer<Request, CallResult> onEnd) {
            this.request = request;
            this.headers = headers;
            this.onSend = onSend;
            this.onEnd = onEnd;
        }

        void start() {
            CompletableFuture<HttpResponse<byte[]>> future;
            ScheduledFuture<?> deadline;
            try {
                HttpRequest http = httpRequest(request, headers, this::sent);
                // A timeout of the HTTP client's own would end with the headers.
                deadline =
                        deadlines.schedule(() -> abort(AbortReason.TIMEOUT), timeout.toMillis(), TimeUnit.MILLISECONDS);
                future = client.sendAsync(http, head -> new BoundedBody(maxResponseBytes, head.statusCode() == 200));
            } catch (RejectedExecutionException e) {
                end(new CallResult.Cancelled(took()));
                return;
            } catch (RuntimeException e) {
                // The exception's own message may quote an invalid header, and that may be the key.
                String message =
                        "no call can be made of the request: " + e.getClass().getSimpleName();
                end(new CallResult.Failed("unsendable", message, took()));
                return;
            }
            response = future;
            // It may have been cancelled between the registration of this exchange and the line above.
            if (abortReason != null) {
                future.cancel(true);
            }
            var unused = future.whenComplete((answer, failure) -> {
                deadline.cancel(false);
                end(failure == null ? answered(answer) : failed(failure));
            });
        }

        private void sent() {
            sent = true;
            onSend.run();
        }

        void abort(AbortReason reason) {
            abortReason = reason;
            CompletableFuture<?> future = response;
            if (future != null) {
                future.cancel(true);
            }
        }

        private void end(CallResult result) {
            inFlight.remove(request);
            onEnd.accept(request, result);
        }

        private CallResult answered(HttpResponse<byte[]> answer) {
            Map<String, String> headers = new HashMap<>();
            answer.headers().map().forEach((name, values) -> headers.put(name.toLowerCase(Locale.ROOT), values.get(0)));
            return new CallResult.Answered(answer.statusCode(), headers, answer.body(), took());
        }

        private CallResult failed(Throwable failure) {
            Throwable cause =
                    failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
            if (cause instanceof CancellationException) {
                return abortReason == AbortReason.TIMEOUT
                        ? new CallResult.Failed("timeout", "no complete answer within " + timeout, sent, took())
                        : new CallResult.Cancelled(took());
            }
            if (cause instanceof BoundedBody.TooLargeException tooLarge) {
                String error = tooLarge.isJson() ? "response_too_large" : "unusable_body";
                return new CallResult.Failed(error, tooLarge.getMessage(), sent, took());
            }
            String message = cause instanceof IOException && cause.getMessage() != null
                    ? cause.getClass().getSimpleName() + ": " + cause.getMessage()
                    : cause.getClass().getSimpleName();
            return new CallResult.Failed("connection", message, sent, took());
        }

        private long took() {
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedAt);
        }
    }
}
