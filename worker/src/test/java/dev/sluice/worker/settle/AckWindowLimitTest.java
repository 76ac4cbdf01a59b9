package dev.sluice.worker.settle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.function.LongUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests that metadata stays within the limit, whatever completes in whatever order, and that it uses the room. */
class AckWindowLimitTest {
    @Test
    void everySubsetOfASmallWindowStaysWithinItsBound() {
        for (int seed = 0; seed < 40; seed++) {
            AckWindow window = new AckWindow(0, AckRuns.NONE);
            List<Long> open = fill(window, randomGaps(new Random(seed)), 9);

            for (int subset = 0; subset < 1 << open.size(); subset++) {
                int closing = subset;
                AckWindow.Snapshot snapshot =
                        window.stage(matching(open, offset -> (closing >> open.indexOf(offset) & 1) == 1));
                window.abort(snapshot);

                assertThat((long) snapshot.metadata().length())
                        .as("seed %d subset %d", seed, subset)
                        .isLessThanOrEqualTo(window.encodedSizeBound());
            }
        }
    }

    @Test
    void theWorstCompletionOfNeighboursUsesTheRoom() {
        AckWindow window = new AckWindow(0, AckRuns.NONE);
        List<Long> open = fill(window, AckWindowLimitTest::dense, Integer.MAX_VALUE);

        assertThat(open).hasSizeGreaterThan(11_800);
        assertThat(stagedSize(window, matching(open, offset -> offset % 2 == 1)))
                .isBetween(3_950, AckRuns.MAX_ENCODED_SIZE);
    }

    @Test
    void markersBehindEachRecordUseTheRoom() {
        AckWindow window = new AckWindow(0, AckRuns.NONE);
        List<Long> open = fill(window, AckWindowLimitTest::markerBehindEach, Integer.MAX_VALUE);

        assertThat(open).hasSizeGreaterThan(5_900);
        assertThat(stagedSize(window)).isBetween(3_950, AckRuns.MAX_ENCODED_SIZE);
    }

    /** A backlog moves away behind requests that are called for minutes, with a marker behind each transaction. */
    @Test
    void aCallThatStaysOpenDoesNotStopABacklogThatMoves() {
        AckWindow window = new AckWindow(0, AckRuns.NONE);
        long next = 0;
        for (; next < 1_000; next++) {
            window.register(next);
        }
        window.commit(window.stage(
                LongStream.range(1, 1_000).filter(offset -> offset % 3 > 0).toArray()));
        while (next < 500_000) {
            long from = next;
            for (; next < from + 1_000; next++) {
                assertThat(window.registerLimit() - next).isGreaterThan(5_000);
                window.register(next);
            }
            AckWindow.Snapshot moved = window.stage(LongStream.range(from, next).toArray());
            assertThat(moved.offset()).isZero();
            assertThat(moved.metadata()).hasSizeLessThan(AckRuns.MAX_ENCODED_SIZE / 2);
            window.commit(moved);
            next++;
        }
    }

    /** Simulates a thousand records a second. A share of them takes eight seconds, and the others end at once. */
    @ParameterizedTest
    @ValueSource(ints = {10, 33, 50, 67, 90, 100})
    void eightSecondsOfSlowRecordsLeaveRoomForOthers(int slowPercent) {
        Random random = new Random(slowPercent);
        AckWindow window = new AckWindow(0, AckRuns.NONE);
        Queue<Long> slow = new ArrayDeque<>();

        for (long offset = 0; offset < 12_000; offset++) {
            assertThat(window.registerLimit() - offset).isGreaterThan(2_500);
            window.register(offset);
            if (random.nextInt(100) < slowPercent) {
                slow.add(offset);
            } else {
                window.commit(window.stage(offset));
            }
            while (!slow.isEmpty() && slow.peek() <= offset - 8_000) {
                window.commit(window.stage(slow.remove()));
            }
        }
    }

    @Test
    void fullWindowsWithRandomGapsStayWithinTheLimit() {
        for (int seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            AckWindow window = new AckWindow(0, AckRuns.NONE);
            List<Long> open = fill(window, randomGaps(random), Integer.MAX_VALUE);

            while (!open.isEmpty()) {
                long[] batch = matching(open, offset -> random.nextInt(4) == 0);
                AckWindow.Snapshot snapshot = window.stage(batch);
                window.commit(snapshot);
                Set<Long> closed = Arrays.stream(batch).boxed().collect(Collectors.toSet());
                open.removeIf(closed::contains);
                assertThat(snapshot.metadata().length())
                        .as("seed %d", seed)
                        .isLessThanOrEqualTo(AckRuns.MAX_ENCODED_SIZE);
            }
        }
    }

    @Test
    void aFullWindowRefusesMoreUntilSomethingCompletes() {
        AckWindow window = new AckWindow(0, AckRuns.NONE);
        List<Long> open = fill(window, AckWindowLimitTest::dense, Integer.MAX_VALUE);
        long limit = window.registerLimit();

        assertThatThrownBy(() -> window.register(limit))
                .hasMessage("offset " + limit + " is not below the limit " + limit);
        window.commit(window.stage(open.get(0)));

        assertThat(window.register(limit)).isTrue();
    }

    @Test
    void oneSlowOffsetDelaysNoOther() {
        AckWindow window = new AckWindow(0, AckRuns.NONE);
        window.register(0);

        for (long offset = 1; offset < 50_000; offset++) {
            window.register(offset);
            window.commit(window.stage(offset));
        }

        assertThat(window.registerLimit()).isGreaterThan(61_800);
    }

    @Test
    void aJumpOfAFullWindowStaysWithinTheLimit() {
        AckWindow window = new AckWindow(0, AckRuns.NONE);
        fill(window, AckWindowLimitTest::markerBehindEach, Integer.MAX_VALUE);

        window.reachedPosition(Long.MAX_VALUE / 2);

        assertThat(window.registerLimit()).isEqualTo(Long.MAX_VALUE / 2);
        assertThat(stagedSize(window)).isLessThanOrEqualTo(AckRuns.MAX_ENCODED_SIZE);
    }

    @Test
    void aRestoredWindowCanReadAllOfItAgain() {
        AckWindow crashed = new AckWindow(0, AckRuns.NONE);
        List<Long> open = fill(crashed, AckWindowLimitTest::dense, Integer.MAX_VALUE);
        AckWindow.Snapshot snapshot = crashed.stage(matching(open, offset -> offset % 2 == 1));
        AckRuns runs = ((AckRuns.Runs) AckRuns.decode(snapshot.metadata(), snapshot.offset())).runs();

        AckWindow window = new AckWindow(snapshot.offset(), runs);

        assertThat(window.encodedSizeBound()).isLessThanOrEqualTo(crashed.encodedSizeBound());
        assertThat(window.registerLimit()).isGreaterThanOrEqualTo(crashed.registerLimit() - 1);
        for (long offset : open) {
            assertThat(window.register(offset)).isEqualTo(offset % 2 == 0);
        }
    }

    /** Registers offsets as intake does while the limit permits it. It reports a gap over the limit. */
    private static List<Long> fill(AckWindow window, LongUnaryOperator next, int atMost) {
        List<Long> open = new ArrayList<>();
        long offset = 0;
        while (open.size() < atMost) {
            if (offset >= window.registerLimit()) {
                window.reachedPosition(offset);
            }
            if (offset >= window.registerLimit()) {
                return open;
            }
            window.register(offset);
            open.add(offset);
            offset = next.applyAsLong(offset);
        }
        return open;
    }

    private static long dense(long offset) {
        return offset + 1;
    }

    private static long markerBehindEach(long offset) {
        return offset + 2;
    }

    private static LongUnaryOperator randomGaps(Random random) {
        int widest = random.nextInt(1, 24);
        return offset -> offset + 1 + (random.nextInt(3) == 0 ? random.nextLong(1L << random.nextInt(widest)) : 0);
    }

    private static int stagedSize(AckWindow window, long... offsets) {
        return window.stage(offsets).metadata().length();
    }

    private static long[] matching(List<Long> open, LongPredicate closes) {
        return open.stream().mapToLong(Long::longValue).filter(closes).toArray();
    }
}
