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

/**
 * Calls the API. Thread-safe; no method blocks but {@link #close}.
 *
 * <p>The client is pinned to HTTP/1.1 (over HTTP/2 it opens one connection and fails when that has no stream left) and
 * has an executor of its own: on two processors the common pool has one thread, and every asynchronous step would start
 * another. Redirects are not followed, since the key would go with them.
 */
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
    private final Map<Request, Exchange> underWay = new ConcurrentHashMap<>();

    /** @param timeout total deadline of one call; the client's own ends with the headers */
    public ApiClient(URI baseUrl, Supplier<String> apiKey, Duration timeout, int maxResponseBytes) {
        this.endpoint = TogetherApi.chatCompletions(baseUrl);
        this.apiKey = apiKey;
        this.timeout = timeout;
        this.maxResponseBytes = maxResponseBytes;
        this.executor = Executors.newFixedThreadPool(
                Math.max(2, Runtime.getRuntime().availableProcessors()), daemon("sluice-http"));
        this.deadlines = deadlines();
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .followRedirects(HttpClient.Redirect.NEVER)
                .connectTimeout(CONNECT_TIMEOUT)
                .executor(executor)
                .build();
    }

    /**
     * Gets ready for the first call. Blocks, for some tenths of a second as a rule and that long at most. That it fails
     * makes the first calls slow and nothing else.
     */
    public void warmUp(Duration atMost) {
        ClientWarmUp.run(client, atMost);
    }

    /** Of calls under way only: by itself it would keep a cancelled one for as long as the call might have taken. */
    private static ScheduledExecutorService deadlines() {
        ScheduledThreadPoolExecutor deadlines = new ScheduledThreadPoolExecutor(1, daemon("sluice-deadlines"));
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
     * @param headers what is sent beside our own; names and values have to be fit for HTTP
     * @param left told, on a thread of this class, when the request is on its way to the API; it may end without
     * @param done called once, on a thread of this class or on the one that gives the call up, with how the call ended; must not block
     */
    public void call(
            Request request, Map<String, String> headers, Runnable left, BiConsumer<Request, CallResult> done) {
        Exchange exchange = new Exchange(request, headers, left, done);
        underWay.put(request, exchange);
        exchange.start();
    }

    /** Gives up the calls of these assignments; each ends as {@link CallResult.Cancelled}. */
    public void cancel(Collection<Assignment> gone) {
        underWay.forEach((request, exchange) -> {
            if (gone.contains(request.assignment())) {
                exchange.giveUp(Ending.CANCELLED);
            }
        });
    }

    /** Gives up every call that is still under way. */
    @Override
    public void close() {
        underWay.values().forEach(exchange -> exchange.giveUp(Ending.CANCELLED));
        deadlines.shutdownNow();
        executor.shutdown();
    }

    private HttpRequest http(Request request, Map<String, String> headers, Runnable left) {
        HttpRequest.Builder http = HttpRequest.newBuilder(endpoint)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json")
                .header("User-Agent", USER_AGENT)
                .header("Authorization", "Bearer " + apiKey.get())
                .POST(new SendNotifyingBody(request.body(), left));
        headers.forEach(http::header);
        return http.build();
    }

    /** Why we ended an exchange ourselves. */
    private enum Ending {
        TIMEOUT,
        CANCELLED
    }

    /** One call from its start to its end. */
    private final class Exchange {
        private final Request request;
        private final Map<String, String> headers;
        private final Runnable left;
        private final BiConsumer<Request, CallResult> done;
        private final long startedAt = System.nanoTime();
        private volatile @Nullable Ending ending;
        private volatile @Nullable CompletableFuture<HttpResponse<byte[]>> response;

        Exchange(Request request, Map<String, String> headers, Runnable left, BiConsumer<Request, CallResult> done) {
            this.request = request;
            this.headers = headers;
            this.left = left;
            this.done = done;
        }

        void start() {
            CompletableFuture<HttpResponse<byte[]>> sent;
            ScheduledFuture<?> deadline;
            try {
                HttpRequest http = http(request, headers, left);
                deadline = deadlines.schedule(() -> giveUp(Ending.TIMEOUT), timeout.toMillis(), TimeUnit.MILLISECONDS);
                sent = client.sendAsync(http, head -> new BoundedBody(maxResponseBytes));
            } catch (RejectedExecutionException closed) {
                end(new CallResult.Cancelled(took()));
                return;
            } catch (RuntimeException unsendable) {
                // Without its message, which quotes the header that it dislikes: the key, as likely as not.
                String message =
                        "no call can be made of it: " + unsendable.getClass().getSimpleName();
                end(new CallResult.Failed("unsendable", message, took()));
                return;
            }
            response = sent;
            if (ending != null) {
                sent.cancel(true);
            }
            var unused = sent.whenComplete((answer, failure) -> {
                deadline.cancel(false);
                end(failure == null ? answered(answer) : failed(failure));
            });
        }

        void giveUp(Ending why) {
            ending = why;
            CompletableFuture<?> sent = response;
            if (sent != null) {
                sent.cancel(true);
            }
        }

        private void end(CallResult result) {
            underWay.remove(request);
            done.accept(request, result);
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
                return ending == Ending.TIMEOUT
                        ? new CallResult.Failed("timeout", "no complete answer within " + timeout, took())
                        : new CallResult.Cancelled(took());
            }
            if (cause instanceof BoundedBody.TooLargeException) {
                return new CallResult.Failed("response_too_large", cause.getMessage(), took());
            }
            String message = cause instanceof IOException && cause.getMessage() != null
                    ? cause.getClass().getSimpleName() + ": " + cause.getMessage()
                    : cause.getClass().getSimpleName();
            return new CallResult.Failed("connection", message, took());
        }

        private long took() {
            return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startedAt);
        }
    }
}
