package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConcurrencyLimitTest {
    private final ConcurrencyLimit concurrency = new ConcurrencyLimit(0);

    @Test
    void isUnboundedWhileNothingFails() {
        assertThat(startAll(1_000)).isEqualTo(1_000);
    }

    @Test
    void isHalvedOnceForAllCallsInFlightWhenTheApiBeganToFail() {
        startAll(100);

        for (int i = 0; i < 100; i++) {
            concurrency.failed(1, 10);
        }

        assertThat(startAll(1_000)).isEqualTo(50);
    }

    @Test
    void isHalvedAgainByLaterCallsAndKeepsOne() {
        startAll(100);
        for (int i = 0; i < 100; i++) {
            concurrency.failed(1, 10);
        }
        for (int startedAt = 11; startedAt < 30; startedAt++) {
            startAll(1);
            concurrency.failed(startedAt, startedAt);
        }

        assertThat(startAll(10)).isEqualTo(1);
    }

    @Test
    void risesByOneWithEachCallThatPasses() {
        startAll(20);
        for (int i = 0; i < 20; i++) {
            concurrency.failed(1, 10);
        }
        assertThat(startAll(20)).isEqualTo(10);

        for (int i = 0; i < 5; i++) {
            concurrency.passed();
        }

        assertThat(startAll(20)).as("5 ended, and 5 more may be in flight").isEqualTo(10);
    }

    private int startAll(int max) {
        int started = 0;
        while (started < max && concurrency.hasRoom()) {
            concurrency.started();
            started++;
        }
        return started;
    }
}
