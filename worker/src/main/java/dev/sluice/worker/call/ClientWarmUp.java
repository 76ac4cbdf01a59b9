package dev.sluice.worker.call;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls a server of our own on loopback for a moment, so that what a call needs is loaded and partly compiled before the
 * first real one. Cold, the first calls leave some hundred milliseconds after they were sent, and then all at once: more
 * than a limit per second allows.
 */
final class ClientWarmUp {
    private static final Logger log = LoggerFactory.getLogger(ClientWarmUp.class);
    private static final int ROUNDS = 25;
    private static final int AT_ONCE = 8;
    private static final byte[] ANSWER = new byte[1024];

    private ClientWarmUp() {}

    /** That it fails makes the first calls slow and nothing else. */
    static void run(HttpClient client, Duration atMost) {
        long until = System.nanoTime() + atMost.toNanos();
        try {
            run(client, until);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        } catch (Throwable failure) {
            // whatever it is: a worker that cannot warm up can still work
            log.atDebug().setCause(failure).log("calls are not warmed up");
        }
    }

    private static void run(HttpClient client, long until) throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(2);
        HttpServer server = null;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.setExecutor(executor);
            server.createContext("/", exchange -> {
                try (exchange) {
                    exchange.getRequestBody().readAllBytes();
                    exchange.sendResponseHeaders(200, ANSWER.length);
                    exchange.getResponseBody().write(ANSWER);
                }
            });
            server.start();
            call(client, server.getAddress(), until);
        } finally {
            if (server != null) {
                server.stop(0);
            }
            executor.shutdownNow();
        }
    }

    /** Waits by its own clock: the client's timeout ends with the headers. */
    private static void call(HttpClient client, InetSocketAddress address, long until) throws Exception {
        URI uri = URI.create("http://" + address.getHostString() + ":" + address.getPort() + "/");
        HttpRequest request = HttpRequest.newBuilder(uri)
                .POST(HttpRequest.BodyPublishers.ofByteArray(ANSWER))
                .build();
        for (int round = 0; round < ROUNDS && System.nanoTime() - until < 0; round++) {
            List<CompletableFuture<HttpResponse<byte[]>>> sent = new ArrayList<>();
            for (int i = 0; i < AT_ONCE; i++) {
                sent.add(client.sendAsync(request, head -> new BoundedBody(ANSWER.length)));
            }
            try {
                CompletableFuture.allOf(sent.toArray(CompletableFuture[]::new))
                        .get(until - System.nanoTime(), TimeUnit.NANOSECONDS);
            } finally {
                sent.forEach(answer -> answer.cancel(true));
            }
        }
    }
}
