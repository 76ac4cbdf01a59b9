package dev.sluice.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SteadyClockTest {
    private static final long START = 1_000_000_000_000L;

    private final AtomicLong passed = new AtomicLong();
    private final AtomicLong wrong = new AtomicLong();
    private final SteadyClock clock = new SteadyClock(
            new MutableClock(() -> START + passed.get() + wrong.get()),
            () -> Duration.ofMillis(passed.get()).toNanos() - 77);

    @ParameterizedTest
    @ValueSource(longs = {7_200_000, -7_200_000, 3_000, -3_000})
    void aJumpThatIsTakenBackIsNotFollowed(long jump) {
        pass(60_000);
        wrong.set(jump);
        for (int second = 0; second < 15; second++) {
            pass(1_000);
        }

        wrong.set(0);
        pass(1_000);
    }

    @ParameterizedTest
    @ValueSource(longs = {7_200_000, -7_200_000})
    void aJumpThatStaysIsFollowedAfterAMinute(long jump) {
        wrong.set(jump);
        pass(0);
        pass(59_999);

        passed.addAndGet(1);

        assertThat(clock.millis()).isEqualTo(START + passed.get() + jump);
        assertThat(clock.millis()).isEqualTo(START + passed.get() + jump);
    }

    @Test
    void smallCorrectionsAreFollowedAtOnce() {
        for (int second = 1; second <= 100; second++) {
            passed.addAndGet(1_000);
            wrong.addAndGet(500);

            assertThat(clock.millis()).isEqualTo(START + passed.get() + wrong.get());
        }
    }

    /** Passes time, in which the clock must be right. */
    private void pass(long millis) {
        passed.addAndGet(millis);
        assertThat(clock.millis()).isEqualTo(START + passed.get());
    }
}
