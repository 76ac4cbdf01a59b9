package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class QuietPeriodTest {
    private static final long START = Duration.ofHours(3).toNanos();

    private final QuietPeriod quiet = new QuietPeriod(START);

    @Test
    void aNewLaneHasBeenQuietForASecond() {
        assertThat(quiet.isDue(START)).isTrue();
        assertThat(quiet.nanosLeft(START)).isZero();
    }

    @Test
    void itCoversTheApisSecond() {
        quiet.sent(START);

        assertThat(quiet.nanosLeft(after(Duration.ofMillis(900)))).isEqualTo(nanos(Duration.ofMillis(200)));
        assertThat(quiet.nanosLeft(after(Duration.ofMillis(1_100)))).isZero();
    }

    @Test
    void aLongHintMakesItCoverAMinuteAndNoMore() {
        quiet.sent(START);
        quiet.told(Duration.ofSeconds(40));
        assertThat(quiet.nanosLeft(START)).isEqualTo(nanos(Duration.ofSeconds(50)));

        quiet.told(Duration.ofHours(1));
        assertThat(quiet.nanosLeft(START)).isEqualTo(nanos(Duration.ofSeconds(61)));
    }

    @Test
    void aShortHintMakesItShortAgain() {
        quiet.sent(START);
        quiet.told(Duration.ofSeconds(40));
        quiet.told(Duration.ZERO);

        assertThat(quiet.nanosLeft(START)).isEqualTo(nanos(Duration.ofMillis(1_100)));
    }

    @Test
    void itTakesAThirtiethOfTheTime() {
        quiet.made(START);

        assertThat(quiet.isDue(after(Duration.ofSeconds(32)))).isFalse();
        assertThat(quiet.isDue(after(Duration.ofSeconds(33)))).isTrue();
    }

    private static long after(Duration time) {
        return START + time.toNanos();
    }

    private static long nanos(Duration time) {
        return time.toNanos();
    }
}
