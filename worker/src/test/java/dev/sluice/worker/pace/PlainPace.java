package dev.sluice.worker.pace;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;

/** Checks the rule that a paced lane must keep, written as plainly as possible. */
final class PlainPace {
    private PlainPace() {}

    /** Checks that every interval between two requests holds at most {@code rate × length + slot} requests. */
    static void check(List<Long> sentAtNanos, double perSecond, int slot) {
        int size = Math.min(sentAtNanos.size(), 4_000);
        for (int first = 0; first < size; first++) {
            for (int last = first; last < size; last++) {
                double seconds = (sentAtNanos.get(last) - sentAtNanos.get(first)) / 1e9;
                if (last - first + 1 > perSecond * seconds + slot + 1e-6 * perSecond) {
                    assertThat(last - first + 1)
                            .as("requests within %s s at %s/s", seconds, perSecond)
                            .isLessThanOrEqualTo((int) (perSecond * seconds + slot));
                }
            }
        }
    }

    /**
     * Checks that no second holds more than the limit, wherever it begins. An API with a sliding window looks at that.
     */
    static void checkSeconds(List<Long> sentAtNanos, int perSecond) {
        for (int first = 0; first + perSecond < sentAtNanos.size(); first++) {
            assertThat(sentAtNanos.get(first + perSecond) - sentAtNanos.get(first))
                    .as("nanoseconds from a request to the one %d after it", perSecond)
                    .isGreaterThanOrEqualTo(1_000_000_000L);
        }
    }
}
