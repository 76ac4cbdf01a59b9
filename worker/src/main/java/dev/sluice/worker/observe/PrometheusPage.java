package dev.sluice.worker.observe;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * Shows the meters of a worker and of its process to Prometheus. The format is Prometheus' text format, or OpenMetrics
 * for a client that accepts it. Thread-safe.
 */
public final class PrometheusPage implements AdminPage, AutoCloseable {
    private static final String TEXT = "text/plain; version=0.0.4; charset=utf-8";
    private static final String OPEN_METRICS = "application/openmetrics-text";
    private static final String OPEN_METRICS_TYPE = OPEN_METRICS + "; version=1.0.0; charset=utf-8";

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ProcessMeters process;
    private final Metrics metrics = Metrics.in(registry);

    /** @param version the version of this worker */
    public PrometheusPage(String version) {
        process = ProcessMeters.of(registry, version);
    }

    /** Returns the meters that this page shows. The worker reports to them. */
    public Metrics metrics() {
        return metrics;
    }

    @Override
    public synchronized Content now(String accept) {
        // The header is not passed on: the client library would answer some values with protobuf.
        String type = accept.contains(OPEN_METRICS) ? OPEN_METRICS_TYPE : TEXT;
        metrics.refresh();
        ByteArrayOutputStream body = new ByteArrayOutputStream(64 << 10);
        try {
            registry.scrape(body, type);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return new Content(type, body.toByteArray());
    }

    @Override
    public void close() {
        process.close();
        metrics.close();
    }
}
