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

/** Asks a worker for its metrics every five seconds, as Prometheus does. */
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

    /** Starts a scraper for a worker that is yet to be started with this {@link #port}. */
    static MetricsScraper start() {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            MetricsScraper scraper = new MetricsScraper(free.getLocalPort());
            var unused = scraper.scheduler.scheduleAtFixedRate(scraper::ask, 1, SECONDS, TimeUnit.SECONDS);
            return scraper;
        } catch (IOException e) {
            throw new UncheckedIOException("there is no free port", e);
        }
    }

    int port() {
        return port;
    }

    private void ask() {
        HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/metrics"))
                .build();
        var unused = client.sendAsync(request, BodyHandlers.discarding()).whenComplete((answer, failure) -> {
            // the first attempts fail: the worker is still starting
            if (failure == null && answer.statusCode() == OK) {
                answered.incrementAndGet();
            }
        });
    }

    /** Tells whether the worker has answered at least once. */
    boolean isAnswered() {
        return answered.get() > 0;
    }

    @Override
    public void close() {
        scheduler.shutdownNow();
    }
}
