package dev.sluice.trials.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Asks a worker for its metrics, as Prometheus does. */
final class MetricsScraper implements AutoCloseable {
    private static final int SECONDS = 5;
    private static final int OK = 200;

    private final int port;
    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicInteger answered = new AtomicInteger();
    private final ScheduledExecutorService scheduler = Executors.newSingleThreadScheduledExecutor();

    private MetricsScraper(int port) {
        this.port = port;
    }

    /** Of a worker that is started with {@link #port} after it. */
    static MetricsScraper start() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            MetricsScraper scrapes = new MetricsScraper(free.getLocalPort());
            var unused = scrapes.scheduler.scheduleAtFixedRate(scrapes::ask, 1, SECONDS, TimeUnit.SECONDS);
            return scrapes;
        } catch (IOException failure) {
            throw new UncheckedIOException("there is no free port", failure);
        }
    }

    int port() {
        return port;
    }

    private void ask() {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/metrics"))
                .build();
        var unused = client.sendAsync(request, BodyHandlers.discarding()).whenComplete((answer, failure) -> {
            // it has yet to come up
            if (failure == null && answer.statusCode() == OK) {
                answered.incrementAndGet();
            }
        });
    }

    boolean isAnswered() {
        return answered.get() > 0;
    }

    @Override
    public void close() {
        scheduler.shutdownNow();
    }
}
