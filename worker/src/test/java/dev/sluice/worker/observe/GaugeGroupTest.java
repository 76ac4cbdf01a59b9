package dev.sluice.worker.observe;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class GaugeGroupTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final GaugeGroup group = new GaugeGroup(registry);

    @Test
    void thoseThatAreNotSetAgainGo() {
        set(Map.of("0", 1.0, "1", 2.0));
        assertThat(gauges()).isEqualTo(Map.of("0", 1.0, "1", 2.0));

        set(Map.of("1", 3.0, "2", 4.0));
        assertThat(gauges()).isEqualTo(Map.of("1", 3.0, "2", 4.0));

        set(Map.of());
        assertThat(gauges()).isEmpty();
    }

    private void set(Map<String, Double> values) {
        group.begin();
        values.forEach((partition, value) -> group.add("g", "", Tags.of("partition", partition), value));
        group.end();
    }

    private Map<String, Double> gauges() {
        return registry.find("g").gauges().stream()
                .collect(Collectors.toMap(gauge -> gauge.getId().getTag("partition"), gauge -> gauge.value()));
    }
}
