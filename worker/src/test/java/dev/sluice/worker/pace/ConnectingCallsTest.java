package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConnectingCallsTest {
    private static final long MILLI = 1_000_000;

    private final VirtualTime time = new VirtualTime();
    private final ConnectingCalls connecting = new ConnectingCalls(time);

    @Test
    void aSentCallIsForgottenEvenIfNobodyAsksForRoom() {
        for (int i = 0; i < 1_000; i++) {
            connecting.add(0).run();
        }

        assertThat(connecting.size()).isEqualTo(1);
    }

    @Test
    void aHangingCallIsForgottenIfLaterOnesAreSent() {
        var unused = connecting.add(time.currentTimeNanos());
        connecting.add(after(1)).run();

        assertThat(connecting.hasRoom(0, after(98))).isTrue();
        assertThat(connecting.size()).as("within the timeout").isEqualTo(1);
        connecting.hasRoom(0, after(1));
        assertThat(connecting.size()).isZero();
    }

    @Test
    void theTimeoutIsLongerIfNoLaterCallIsSent() {
        for (int i = 0; i < 1_000; i++) {
            var unused = connecting.add(after(1));
        }

        assertThat(connecting.size()).isEqualTo(500);
        assertThat(connecting.hasRoom(1_000, after(400))).isFalse();
        assertThat(connecting.hasRoom(1_000, after(100))).isTrue();
    }

    @Test
    void aCallThatIsNoLongerWaitedForCountsAsSent() {
        var hanging = connecting.add(time.currentTimeNanos());

        assertThat(hanging.sentAt(after(300))).isEqualTo(time.currentTimeNanos());
        var unused = connecting.hasRoom(1, after(200));
        long over = time.currentTimeNanos();
        hanging.run();
        assertThat(hanging.sentAt(after(50))).isEqualTo(over);
    }

    private long after(long millis) {
        time.passNanos(millis * MILLI);
        return time.currentTimeNanos();
    }
}
