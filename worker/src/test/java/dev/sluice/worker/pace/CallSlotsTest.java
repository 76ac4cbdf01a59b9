package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CallSlotsTest {
    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "3, 2", "64, 31", "512, 248"})
    void aLaneAloneTakesHalf(int max, int expected) {
        CallSlots slots = new CallSlots(max);

        assertThat(fill(slots, 0)).isEqualTo(expected);
    }

    @Test
    void eachFurtherLaneFindsRoomHoweverManyHang() {
        CallSlots slots = new CallSlots(512);
        List<Integer> taken = new ArrayList<>();
        for (int lane = 0; lane < 9; lane++) {
            taken.add(fill(slots, 0));
        }

        assertThat(taken).containsExactly(248, 124, 62, 31, 16, 8, 4, 2, 1);
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
                slots.ended();
            }
        }

        assertThat(Arrays.stream(lanes)).allSatisfy(calls -> assertThat(calls).isBetween(118, 130));
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

        assertThat(express + others).isEqualTo(248);
        assertThat(others).isGreaterThanOrEqualTo(20);
    }

    private static int fillExpress(CallSlots slots) {
        int begun = 0;
        while (slots.hasRoomForExpress(begun)) {
            slots.started();
            begun++;
        }
        return begun;
    }

    private static int fill(CallSlots slots, int already) {
        int begun = 0;
        while (slots.hasRoom(already + begun)) {
            slots.started();
            begun++;
        }
        return begun;
    }
}
