package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CallSlotsTest {
    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "3, 2", "64, 31", "512, 247"})
    void aLaneAloneTakesHalf(int max, int expected) {
        CallSlots slots = new CallSlots(max);

        assertThat(fill(slots, 0)).isEqualTo(expected);
    }

    @Test
    void eachFurtherLaneFindsRoomHoweverManyHang() {
        CallSlots slots = new CallSlots(512);
        List<Integer> taken = new ArrayList<>();
        for (int lane = 0; lane < 64; lane++) {
            taken.add(fill(slots, 0));
        }

        assertThat(taken).startsWith(247, 106, 46, 19, 8, 4, 2, 1).doesNotContain(0);
    }

    /** Lanes that begin and end random numbers of calls of both kinds. Where their calls hang, they only begin. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void aLaneWithoutCallsAlwaysFindsASlot(long seed) {
        Random random = new Random(seed);
        int max = 64 + random.nextInt(1_024);
        boolean hang = seed % 2 == 0;
        CallSlots slots = new CallSlots(max);
        int[] express = new int[max / 32];
        int[] others = new int[max / 32];
        for (int i = 0; i < 20_000; i++) {
            int lane = random.nextInt(express.length);
            boolean isExpress = random.nextBoolean();
            int[] ofKind = isExpress ? express : others;
            for (int begins = random.nextInt(random.nextBoolean() ? 3 : 300); begins > 0; begins--) {
                boolean hasRoom = isExpress
                        ? slots.hasRoomForExpress(express[lane])
                        : slots.hasRoom(express[lane] + others[lane]);
                if (hasRoom) {
                    ofKind[lane]++;
                    slots.started(isExpress);
                }
            }
            assertThat(slots.hasRoom(0)).isTrue();
            assertThat(slots.hasRoomForExpress(0)).isTrue();
            for (int ends = hang ? 0 : random.nextInt(1 + ofKind[lane]); ends > 0; ends--) {
                ofKind[lane]--;
                slots.ended(isExpress);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 0", "31, 0", "64, 2", "512, 16", "4096, 16"})
    void firstCallsTakeEverySlotThatExpressDoesNotNeed(int max, int needed) {
        CallSlots slots = new CallSlots(max);
        for (int inFlight = 0; inFlight < max - needed; inFlight++) {
            assertThat(slots.hasRoom(0)).isTrue();
            slots.started(false);
        }

        assertThat(slots.hasRoom(0)).isFalse();
        assertThat(slots.hasRoomForExpress(0)).isEqualTo(needed > 0);
    }

    @Test
    void lanesThatEndTheirCallsComeToEqualParts() {
        CallSlots slots = new CallSlots(512);
        int[] lanes = new int[3];
        for (int call = 0; call < 10_000; call++) {
            int lane = call % 3;
            lanes[lane] += fill(slots, lanes[lane]);
            int oldest = (call * 7) % 3;
            if (lanes[oldest] > 0) {
                lanes[oldest]--;
                slots.ended(false);
            }
        }

        assertThat(Arrays.stream(lanes)).allSatisfy(calls -> assertThat(calls).isBetween(110, 120));
    }

    @Test
    void someCallsAreKeptForExpressHoweverManyLanesHang() {
        CallSlots slots = new CallSlots(512);
        for (int lane = 0; lane < 100; lane++) {
            fill(slots, 0);
        }

        assertThat(fillExpress(slots)).isEqualTo(8);
    }

    @Test
    void expressLeavesTheOthersOfItsLaneATenth() {
        CallSlots slots = new CallSlots(512);
        int express = fillExpress(slots);
        int others = fill(slots, express);

        assertThat(express + others).isEqualTo(247);
        assertThat(others).isGreaterThanOrEqualTo(20);
    }

    private static int fillExpress(CallSlots slots) {
        int begun = 0;
        while (slots.hasRoomForExpress(begun)) {
            slots.started(true);
            begun++;
        }
        return begun;
    }

    private static int fill(CallSlots slots, int already) {
        int begun = 0;
        while (slots.hasRoom(already + begun)) {
            slots.started(false);
            begun++;
        }
        return begun;
    }
}
