package dev.sluice.worker.observe;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import java.util.List;

/** Meters of this process, whatever it runs. Thread-safe. */
final class ProcessMeters implements AutoCloseable {
    private final JvmGcMetrics collections = new JvmGcMetrics();

    private ProcessMeters() {}

    /**
     * Adds the meters to a registry.
     *
     * @param version the version of what runs here
     */
    static ProcessMeters of(MeterRegistry registry, String version) {
        ProcessMeters meters = new ProcessMeters();
        List<MeterBinder> process = List.of(
                new JvmMemoryMetrics(),
                meters.collections,
                new JvmThreadMetrics(),
                new ClassLoaderMetrics(),
                new ProcessorMetrics(),
                new FileDescriptorMetrics(),
                new UptimeMetrics());
        process.forEach(binder -> binder.bindTo(registry));
        Gauge.builder("sluice.build.info", () -> 1)
                .description("Always 1; what runs here is in the labels")
                .tag("version", version)
                .tag("java", Runtime.version().toString())
                .register(registry);
        return meters;
    }

    @Override
    public void close() {
        collections.close();
    }
}
