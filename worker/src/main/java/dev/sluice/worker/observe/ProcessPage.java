package dev.sluice.worker.observe;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;

/** Shows the meters of a process that is no worker to Prometheus, beside those that others keep in it. Thread-safe. */
public final class ProcessPage implements AutoCloseable {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final ProcessMeters process;

    /** Makes a page for a process that runs this version. */
    public ProcessPage(String version) {
        process = ProcessMeters.of(registry, version);
    }

    /** Returns the registry whose meters are shown. */
    public MeterRegistry registry() {
        return registry;
    }

    /** Returns the present content in Prometheus' text format. */
    public byte[] text() {
        return registry.scrape().getBytes(UTF_8);
    }

    @Override
    public void close() {
        process.close();
        registry.close();
    }
}
