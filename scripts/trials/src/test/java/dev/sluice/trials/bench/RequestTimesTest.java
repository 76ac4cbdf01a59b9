package dev.sluice.trials.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RequestTimesTest {
    private final RequestTimes ledger = new RequestTimes(3);

    @Test
    void latenessCountsFromWhenARequestMayBeCalled() {
        int now = ledger.publish(1_000, 0);
        int later = ledger.publish(1_000, 9_000);
        int overdue = ledger.publish(1_000, 500);

        ledger.called(now, 1, 1_030);
        ledger.called(later, 1, 9_007);
        ledger.called(overdue, 1, 1_002);

        assertThat(ledger.numbers().mapToLong(ledger::lateness)).containsExactly(30L, 7L, 2L);
        assertThat(ledger.numbers()).noneMatch(ledger::isEarly);
    }

    @Test
    void aCallBeforeItsTimeIsEarlyAndOneThatNeverCameIsNot() {
        int early = ledger.publish(1_000, 9_000);
        int never = ledger.publish(1_000, 9_000);

        ledger.called(early, 1, 8_999);

        assertThat(ledger.isEarly(early)).isTrue();
        assertThat(ledger.isEarly(never)).isFalse();
    }

    @Test
    void countsWhatIsRepeatedAndKeepsTheFirstTime() {
        int request = ledger.publish(1_000, 0);

        ledger.called(request, 1, 1_100);
        ledger.called(request, 2, 1_200);
        ledger.replied(RequestTimes.id(request), true, 1_300);
        ledger.replied(RequestTimes.id(request), false, 1_400);
        ledger.replied("somebody else's", true, 1_500);

        assertThat(ledger.calls(request)).isEqualTo(2);
        assertThat(ledger.calledAt(request)).isEqualTo(1_100);
        assertThat(ledger.caller(request)).isEqualTo(2);
        assertThat(ledger.replies(request)).isEqualTo(2);
        assertThat(ledger.repliedAt(request)).isEqualTo(1_300);
        assertThat(ledger.failures()).isEqualTo(1);
    }

    @Test
    void refusesMoreThanWasPlanned() {
        for (int i = 0; i < 3; i++) {
            ledger.publish(1_000, 0);
        }

        assertThatThrownBy(() -> ledger.publish(1_000, 0)).hasMessageContaining("3 requests");
    }
}
