package dev.sluice.trials.bench;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.LongStream;

/** Sorted values. Each percentile is one of the values (nearest rank). */
final class Percentiles {
    private final long[] sorted;

    private Percentiles(long[] sorted) {
        this.sorted = sorted;
    }

    static Percentiles of(LongStream values) {
        long[] sorted = values.toArray();
        Arrays.sort(sorted);
        return new Percentiles(sorted);
    }

    int count() {
        return sorted.length;
    }

    /**
     * Returns the smallest value that {@code percent} of all values do not exceed.
     *
     * @throws IllegalStateException if there is no value
     */
    long at(double percent) {
        if (sorted.length == 0) {
            throw new IllegalStateException("nothing was measured");
        }
        int rank = (int) Math.ceil(percent / 100 * sorted.length);
        return sorted[Math.max(rank, 1) - 1];
    }

    /** Returns the figures to show. Without values that is only their count. */
    Map<String, Long> summary() {
        Map<String, Long> summary = new LinkedHashMap<>();
        summary.put("count", (long) count());
        if (count() > 0) {
            summary.put("p50", at(50));
            summary.put("p99", at(99));
            summary.put("max", at(100));
        }
        return summary;
    }
}
