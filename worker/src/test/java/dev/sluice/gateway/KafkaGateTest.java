package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class KafkaGateTest {
    private static final long SECOND = 1_000_000_000L;

    private final KafkaGate gate = new KafkaGate();

    @Test
    void isOpenUntilARequestFails() {
        assertThat(gate.enter(0)).isTrue();
        assertThat(gate.enter(0)).isTrue();

        gate.failed(0);

        assertThat(gate.enter(SECOND - 1)).isFalse();
    }

    @Test
    void oneAtATimeTriesAgainAfterASecond() {
        gate.failed(0);

        assertThat(gate.enter(SECOND)).isTrue();
        assertThat(gate.enter(9 * SECOND)).isFalse();
        gate.failed(9 * SECOND);
        assertThat(gate.enter(10 * SECOND - 1)).isFalse();
        assertThat(gate.enter(10 * SECOND)).isTrue();
        gate.published();
        assertThat(gate.enter(10 * SECOND)).isTrue();
        assertThat(gate.enter(10 * SECOND)).isTrue();
    }

    @Test
    void aTryThatTellsNothingLetsTheNextOneTry() {
        gate.failed(0);
        assertThat(gate.enter(SECOND)).isTrue();

        gate.learnedNothing();

        assertThat(gate.enter(SECOND)).isTrue();
        assertThat(gate.enter(SECOND)).as("it is still closed to others").isFalse();
    }
}
