package dev.sluice.worker.batch;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CustomIdIndexTest {
    private final CustomIdIndex customIds = new CustomIdIndex();

    @Test
    void theFirstLineKeepsItsCustomId() {
        assertThat(customIds.putIfAbsent("a", 1)).isZero();
        assertThat(customIds.putIfAbsent("b", 2)).isZero();

        assertThat(customIds.putIfAbsent("a", 3)).isEqualTo(1);
        assertThat(customIds.line("a")).isEqualTo(1);
        assertThat(customIds.line("c")).isZero();
    }

    @Test
    void growingKeepsAllCustomIds() {
        for (int line = 1; line <= 50_000; line++) {
            assertThat(customIds.putIfAbsent("id-" + line, line)).isZero();
        }

        for (int line = 1; line <= 50_000; line++) {
            assertThat(customIds.line("id-" + line)).isEqualTo(line);
        }
    }
}
