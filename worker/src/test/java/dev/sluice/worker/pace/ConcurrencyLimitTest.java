package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConcurrencyLimitTest {
    private final ConcurrencyLimit concurrency = new ConcurrencyLimit(0);

    @Test
    void isUnboundedWhileNothingFails() {
        assertThat(beginAll(1_000)).isEqualTo(1_000);
    }

    @Test
    void isHalvedOnceForAllThatWereUnderWayWhenItBeganToFail() {
        beginAll(100);

        for (int i = 0; i < 100; i++) {
            concurrency.failed(1, 10);
        }

        assertThat(beginAll(1_000)).isEqualTo(50);
    }

    @Test
    void isHalvedAgainByCallsThatWereSentAfterThatAndKeepsOne() {
        beginAll(100);
        for (int i = 0; i < 100; i++) {
            concurrency.failed(1, 10);
        }
        for (int sentAt = 11; sentAt < 30; sentAt++) {
            beginAll(1);
            concurrency.failed(sentAt, sentAt);
        }

        assertThat(beginAll(10)).isEqualTo(1);
    }

    @Test
    void comesBackByOneWithEachCallThatPasses() {
        beginAll(20);
        for (int i = 0; i < 20; i++) {
            concurrency.failed(1, 10);
        }
        assertThat(beginAll(20)).isEqualTo(10);

        for (int i = 0; i < 5; i++) {
            concurrency.passed();
        }

        assertThat(beginAll(20)).as("5 ended, and 5 more may be under way").isEqualTo(10);
    }

    private int beginAll(int most) {
        int begun = 0;
        while (begun < most && concurrency.hasRoom()) {
            concurrency.began();
            begun++;
        }
        return begun;
    }
}
