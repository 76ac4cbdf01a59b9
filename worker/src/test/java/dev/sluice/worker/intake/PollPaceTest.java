package dev.sluice.worker.intake;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PollPaceTest {
    private static final long MICRO = 1_000;
    private static final long START = -500 * MICRO;

    private final PollPace pace = new PollPace(START);

    @Test
    void theFirstPollBeginsAtOnce() {
        assertThat(pace.nanosToNext(START)).isLessThanOrEqualTo(0);
    }

    @Test
    void aPollWithFewRecordsIsFollowedByAPauseForItsPartitions() {
        pace.polled(3, 180, false, START);

        assertThat(pace.nanosToNext(START)).isEqualTo(900 * MICRO);
        assertThat(pace.nanosToNext(START + 899 * MICRO)).isPositive();
        assertThat(pace.nanosToNext(START + 900 * MICRO)).isLessThanOrEqualTo(0);
    }

    @Test
    void aPollWithManyRecordsIsFollowedAtOnce() {
        pace.polled(500, 180, false, START);

        assertThat(pace.nanosToNext(START)).isLessThanOrEqualTo(0);
    }

    @Test
    void noPauseIsLong() {
        pace.polled(0, 100_000, false, START);

        assertThat(pace.nanosToNext(START)).isEqualTo(10_000 * MICRO);
    }

    @Test
    void aWorkerWithoutPartitionsDoesNotPause() {
        pace.polled(0, 0, false, START);

        assertThat(pace.nanosToNext(START)).isLessThanOrEqualTo(0);
    }

    @Test
    void noPollIsUrgentWhileEnoughWaits() {
        pace.polled(500, 180, true, START);

        assertThat(pace.nanosToNext(START)).isEqualTo(5_000 * MICRO);

        pace.polled(500, 1_440, true, START);

        assertThat(pace.nanosToNext(START)).isEqualTo(14_400 * MICRO);

        pace.polled(500, 100_000, true, START);

        assertThat(pace.nanosToNext(START)).isEqualTo(15_000 * MICRO);
    }
}
