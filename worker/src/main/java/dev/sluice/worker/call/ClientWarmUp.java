package dev.sluice.worker.call;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Warms up an HTTP client by calling a server of our own on loopback. This loads and partly compiles the code that a
 * call needs. A cold client sends its first requests some hundred milliseconds late and then all at once, which is more
 * than a limit per second allows.
 */
final class ClientWarmUp {
    private static final Logger log = LoggerFactory.getLogger(ClientWarmUp.class);
    private static final int ROUNDS = 25;
    private static final int CALLS_PER_ROUND = 8;
    private static final byte[] BODY = new byte[1024];

    private ClientWarmUp() {}

    /** Posts a body to a server and reads the whole answer. */
    interface ServerCall {
        CompletableFuture<Void> post(InetSocketAddress server, byte[] body);
    }

    /**
     * Starts the warm-up beside the start of the worker.
     *
     * @return completes normally after {@code atMost} at the latest, even if the warm-up fails or hangs
     */
    static CompletableFuture<Void> start(ServerCall client, Executor executor, Duration atMost) {
        try {
            return CompletableFuture.runAsync(() -> runUnchecked(client, atMost), executor)
                    .exceptionally(ClientWarmUp::logFailure)
                    .completeOnTimeout(null, atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (Throwable e) {
            // The executor may be unable to start a thread.
            return CompletableFuture.completedFuture(logFailure(e));
        }
    }

    // A worker that cannot warm up can still work, so that this is no warning.
    @SuppressWarnings("NullAway") // the only value of a Void
    private static Void logFailure(Throwable failure) {
        log.atDebug().setCause(failure).log("Warm-up of the HTTP client failed");
        return null;
    }

    private static void runUnchecked(ServerCall client, Duration atMost) {
        try {
            run(client, atMost);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            throw new CompletionException(e);
        }
    }

    static void run(ServerCall client, Duration atMost) throws Exception {
        long deadline = System.nanoTime() + atMost.toNanos();
        ExecutorService executor = Executors.newFixedThreadPool(2);
        HttpServer server = null;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(executor);
            server.createContext("/", exchange -> {
                try (exchange) {
                    exchange.getRequestBody().readAllBytes();
                    exchange.sendResponseHeaders(200, BODY.length);
                    exchange.getResponseBody().write(BODY);
                }
            });
            server.start();
            call(client, server.getAddress(), deadline);
        } finally {
            if (server != null) {
                server.stop(0);
            }
            executor.shutdownNow();
        }
    }

    private static void call(ServerCall client, InetSocketAddress address, long deadline) throws Exception {
        for (int round = 0; round < ROUNDS && System.nanoTime() - deadline < 0; round++) {
            List<CompletableFuture<Void>> answers = new ArrayList<>();
            for (int i = 0; i < CALLS_PER_ROUND; i++) {
                answers.add(client.post(address, BODY));
            }
            CompletableFuture.allOf(answers.toArray(CompletableFuture[]::new))
                    .get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        }
    }
}
