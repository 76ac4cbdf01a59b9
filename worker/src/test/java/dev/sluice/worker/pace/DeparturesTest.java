package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeparturesTest {
    private static final long MILLI = 1_000_000;

    private final VirtualTime time = new VirtualTime();
    private final Departures departures = new Departures(time);

    @Test
    void whatHasLeftIsForgottenThoughNobodyAsksForRoom() {
        for (int i = 0; i < 1_000; i++) {
            departures.add(0).run();
        }

        assertThat(departures.size()).isEqualTo(1);
    }

    @Test
    void whatCannotLeaveIsForgottenAfterAMoment() {
        for (int i = 0; i < 1_000; i++) {
            var unused = departures.add(i * MILLI);
        }

        assertThat(departures.size()).isEqualTo(100);
        assertThat(departures.hasRoom(1_000, 999 * MILLI)).isFalse();
        assertThat(departures.hasRoom(1_000, 1_099 * MILLI)).isTrue();
    }
}
