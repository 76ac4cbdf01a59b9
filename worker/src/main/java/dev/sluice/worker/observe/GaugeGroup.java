package dev.sluice.worker.observe;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.MultiGauge.Row;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gauges that are set together. A gauge that is not set again disappears. Not thread-safe. */
final class GaugeGroup {
    private final MeterRegistry registry;
    private final Map<String, MultiGauge> gauges = new LinkedHashMap<>();
    private final Map<String, List<Row<?>>> rows = new LinkedHashMap<>();

    GaugeGroup(MeterRegistry registry) {
        this.registry = registry;
    }

    void begin() {
        rows.values().forEach(List::clear);
    }

    void add(String name, String description, Tags tags, double value) {
        gauges.computeIfAbsent(
                name,
                fresh -> MultiGauge.builder(fresh).description(description).register(registry));
        rows.computeIfAbsent(name, fresh -> new ArrayList<>()).add(Row.of(tags, value));
    }

    void end() {
        gauges.forEach((name, gauge) -> gauge.register(rows.getOrDefault(name, List.of()), true));
    }
}
