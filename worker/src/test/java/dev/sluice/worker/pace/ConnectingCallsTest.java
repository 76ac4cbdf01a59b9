package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConnectingCallsTest {
    private static final long MILLI = 1_000_000;

    private final VirtualTime time = new VirtualTime();
    private final ConnectingCalls departures = new ConnectingCalls(time);

    @Test
    void whatHasLeftIsForgottenThoughNobodyAsksForRoom() {
        for (int i = 0; i < 1_000; i++) {
            departures.add(0).run();
        }

        assertThat(departures.size()).isEqualTo(1);
    }

    @Test
    void oneThatHangsIsForgottenWhereOthersLeave() {
        var unused = departures.add(time.currentTimeNanos());
        departures.add(after(1)).run();

        assertThat(departures.hasRoom(0, after(98))).isTrue();
        assertThat(departures.size()).as("within patience").isEqualTo(1);
        departures.hasRoom(0, after(1));
        assertThat(departures.size()).isZero();
    }

    @Test
    void whereNoneLeavesTheyAreWaitedForLonger() {
        for (int i = 0; i < 1_000; i++) {
            var unused = departures.add(after(1));
        }

        assertThat(departures.size()).isEqualTo(500);
        assertThat(departures.hasRoom(1_000, after(400))).isFalse();
        assertThat(departures.hasRoom(1_000, after(100))).isTrue();
    }

    @Test
    void whatIsWaitedForNoMoreCountsAsGone() {
        var hanging = departures.add(time.currentTimeNanos());

        assertThat(hanging.leftAt(after(300))).isEqualTo(time.currentTimeNanos());
        var unused = departures.hasRoom(1, after(200));
        long gone = time.currentTimeNanos();
        hanging.run();
        assertThat(hanging.leftAt(after(50))).isEqualTo(gone);
    }

    private long after(long millis) {
        time.passNanos(millis * MILLI);
        return time.currentTimeNanos();
    }
}
