package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RequestTimesTest {
    private final RequestTimes times = new RequestTimes(3);

    @Test
    void latenessCountsFromWhenARequestMayBeCalled() {
        int now = times.publish(1_000, 0);
        int later = times.publish(1_000, 9_000);
        int overdue = times.publish(1_000, 500);

        times.called(now, 1, 1_030);
        times.called(later, 1, 9_007);
        times.called(overdue, 1, 1_002);

        assertThat(times.numbers().mapToLong(times::lateness)).containsExactly(30L, 7L, 2L);
        assertThat(times.numbers()).noneMatch(times::isEarly);
    }

    @Test
    void aCallBeforeItsTimeIsEarlyAndOneThatNeverCameIsNot() {
        int early = times.publish(1_000, 9_000);
        int never = times.publish(1_000, 9_000);

        times.called(early, 1, 8_999);

        assertThat(times.isEarly(early)).isTrue();
        assertThat(times.isEarly(never)).isFalse();
    }

    @Test
    void countsWhatIsRepeatedAndKeepsTheFirstTime() {
        int request = times.publish(1_000, 0);

        times.called(request, 1, 1_100);
        times.called(request, 2, 1_200);
        times.replied(RequestTimes.id(request), true, 1_300);
        times.replied(RequestTimes.id(request), false, 1_400);
        times.replied("another id", true, 1_500);

        assertThat(times.calls(request)).isEqualTo(2);
        assertThat(times.calledAt(request)).isEqualTo(1_100);
        assertThat(times.caller(request)).isEqualTo(2);
        assertThat(times.replies(request)).isEqualTo(2);
        assertThat(times.repliedAt(request)).isEqualTo(1_300);
        assertThat(times.failures()).isEqualTo(1);
    }

    @Test
    void failsForMoreRequestsThanWerePlanned() {
        for (int i = 0; i < 3; i++) {
            times.publish(1_000, 0);
        }

        assertThatThrownBy(() -> times.publish(1_000, 0)).hasMessageContaining("3 requests");
    }
}
