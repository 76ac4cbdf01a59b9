package dev.sluice.worker.settle;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * The open offsets of a partition as runs. Below an {@link #end} every other offset is done. Also knows the worst case
 * of what their completion can cost. Not thread-safe.
 *
 * <p><b>The worst case.</b> Metadata lists alternating open and done lengths. {@link #worstCaseBits} is two bits per
 * open offset plus the bits of the length of every gap behind a run of open offsets. Whichever open offsets complete,
 * the lengths take no more than that. The proof needs two rules.
 * <ol>
 *   <li>A length of <i>n</i> offsets takes at least two bits and at most 2<i>n</i>.
 *   <li>Cutting a length in two never makes it cheaper: bits(<i>a</i> + <i>b</i>) ≤ bits(<i>a</i>) + bits(<i>b</i>).
 *       Let <i>b</i> be the greater. Then <i>a</i> + <i>b</i> + 1 &lt; 2(<i>b</i> + 1) has at most one binary digit
 *       more than <i>b</i> + 1. That digit costs two bits, and bits(<i>a</i>) are no less.
 * </ol>
 * Take the lengths of any outcome and cut them where the present runs begin and end. By rule 2 that costs as much or
 * more. The pieces inside gaps are the gaps. The pieces inside a run of <i>n</i> open offsets cost at most 2<i>n</i>
 * by rule 1. By the same two rules the worst case never rises when an offset completes. When the end moves on by
 * <i>n</i>, it rises by at most 2<i>n</i>, whatever becomes open there. For a dense run it is exact, since every other
 * offset may be done.
 */
final class OpenOffsets {
    /** The end (exclusive) of each run by its start (inclusive). Runs neither touch nor are empty. */
    private final TreeMap<Long, Long> runs = new TreeMap<>();

    private long end;
    private long worstCaseBits;

    OpenOffsets(long end) {
        this.end = end;
    }

    /** Returns the first offset about which nothing is known. */
    long end() {
        return end;
    }

    long worstCaseBits() {
        return worstCaseBits;
    }

    boolean contains(long offset) {
        Map.Entry<Long, Long> run = runs.floorEntry(offset);
        return run != null && offset < run.getValue();
    }

    /** Returns the lowest open offset, or the end if none is open. */
    long lowest() {
        return runs.isEmpty() ? end : runs.firstKey();
    }

    /** Moves the end up to {@code to}. The offsets passed over are done. */
    void advanceTo(long to) {
        Map.Entry<Long, Long> last = runs.lastEntry();
        if (last != null) {
            worstCaseBits += AckRuns.lengthBits(last.getValue(), to) - AckRuns.lengthBits(last.getValue(), end);
        }
        end = to;
    }

    /** Appends {@code count} open offsets at the end. */
    void open(long count) {
        Map.Entry<Long, Long> last = runs.lastEntry();
        long start = end;
        if (last != null && last.getValue() == end) {
            start = last.getKey();
            remove(start);
        }
        long openEnd = end + count;
        advanceTo(openEnd);
        insert(start, openEnd);
    }

    /** Makes all offsets from {@code from} (inclusive) to {@code to} (exclusive) done. */
    void close(long from, long to) {
        if (from == to) {
            // otherwise an empty range inside a run would cut the run in two
            return;
        }
        Map.Entry<Long, Long> run = runs.lowerEntry(to);
        while (run != null && run.getValue() > from) {
            remove(run.getKey());
            if (run.getKey() < from) {
                insert(run.getKey(), from);
            }
            if (to < run.getValue()) {
                insert(to, run.getValue());
            }
            run = runs.lowerEntry(to);
        }
    }

    /**
     * Returns where runs would begin if {@code closing} were done, alternating open, done, open. The first bound is the
     * offset to commit, even if nothing is open any more. The others are the bounds of the done runs above it.
     *
     * @param closing ascending open offsets
     */
    long[] boundsWithout(long[] closing) {
        long[] bounds = new long[2 * (runs.size() + closing.length) + 1];
        int count = 0;
        int next = 0;
        for (Map.Entry<Long, Long> run : runs.entrySet()) {
            long start = run.getKey();
            for (; next < closing.length && closing[next] < run.getValue(); next++) {
                count = append(bounds, count, start, closing[next]);
                start = closing[next] + 1;
            }
            count = append(bounds, count, start, run.getValue());
        }
        return appendEnd(bounds, count);
    }

    private static int append(long[] bounds, int count, long from, long to) {
        if (from == to) {
            return count;
        }
        bounds[count] = from;
        bounds[count + 1] = to;
        return count + 2;
    }

    private long[] appendEnd(long[] bounds, int count) {
        if (count > 0 && bounds[count - 1] == end) {
            return Arrays.copyOf(bounds, count - 1);
        }
        bounds[count] = end;
        return Arrays.copyOf(bounds, count + 1);
    }

    private void insert(long from, long to) {
        worstCaseBits += costOf(from, to);
        runs.put(from, to);
    }

    private void remove(long from) {
        long to = runs.remove(from);
        worstCaseBits -= costOf(from, to);
    }

    /**
     * Returns what a run adds to the worst case by its offsets and by cutting its gap in two. The run must not be in
     * {@link #runs} at the time.
     */
    private long costOf(long from, long to) {
        Long higher = runs.higherKey(from);
        long next = higher == null ? end : higher;
        long cost = 2 * (to - from) + AckRuns.lengthBits(to, next);
        Map.Entry<Long, Long> lower = runs.lowerEntry(from);
        if (lower != null) {
            cost += AckRuns.lengthBits(lower.getValue(), from) - AckRuns.lengthBits(lower.getValue(), next);
        }
        return cost;
    }
}
