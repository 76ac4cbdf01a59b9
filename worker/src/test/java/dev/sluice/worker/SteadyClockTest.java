package dev.sluice.worker;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.wire.Topics.Tier;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.outcome.OutcomeClassifier;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SteadyClockTest {
    private static final long START = 1_000_000_000_000L;

    private final AtomicLong passed = new AtomicLong();
    private final AtomicLong wrong = new AtomicLong();
    private final SteadyClock clock = new SteadyClock(
            new SuppliedClock(() -> START + passed.get() + wrong.get()),
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

    /** The host was suspended for three hours, in which the monotonic clock stood still. */
    @Test
    void aRequestThatIsDueSoonIsNotDelayedForLongAfterASuspend() {
        clock.millis();
        wrong.set(Duration.ofHours(3).toMillis());
        passed.addAndGet(1_000);
        long now = START + passed.get() + wrong.get();
        InputRecord record =
                Requests.ofModel("m").timed(now, now + 15_000, Long.MAX_VALUE).input();

        assertThat(postponedTo(record)).isEqualTo(Tier.TEN_SECONDS);
    }

    /** A clock that is wrong for some seconds must not keep a request in its tier either. */
    @ParameterizedTest
    @CsvSource({"7200000, TEN_SECONDS", "-7200000, ONE_MINUTE"})
    void aRequestThatIsDueSoonIsNotDelayedForLongByAJump(long jump, Tier most) {
        clock.millis();
        wrong.set(jump);
        passed.addAndGet(1_000);
        long now = START + passed.get();
        InputRecord record =
                Requests.ofModel("m").timed(now, now + 90_000, Long.MAX_VALUE).input();

        assertThat(postponedTo(record)).isEqualTo(most);
    }

    private Tier postponedTo(InputRecord record) {
        OutcomeClassifier outcomes = new OutcomeClassifier(5, Optional.empty(), () -> 0.5);
        Outcome.Requeue requeue = (Outcome.Requeue) outcomes.postponed(record, clock.latestMillis());
        return requeue.tier().orElseThrow();
    }

    /** Passes time, in which the clock must be right. */
    private void pass(long millis) {
        passed.addAndGet(millis);
        assertThat(clock.millis()).isEqualTo(START + passed.get());
    }
}
