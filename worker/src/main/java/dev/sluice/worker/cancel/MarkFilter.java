package dev.sluice.worker.cancel;

import dev.sluice.wire.CancelMark;
import java.util.Collection;

/**
 * Knows at once of most marks that they are not there: a Bloom filter with one bit for each mark. The other methods
 * belong to one thread at a time. {@link #mayHave} is thread-safe, and sees what was added before it.
 */
final class MarkFilter {
    /** One bit of twenty is set by {@link CancelMarks#MAX} marks. They take 256 KiB. */
    private static final int BITS = 1 << 21;

    /** Empty as long as there is no mark. Written anew with each addition, so that readers see the bits. */
    private volatile long[] words = {};

    void add(CancelMark mark) {
        long[] present = words.length == 0 ? new long[BITS / Long.SIZE] : words;
        set(present, mark);
        words = present;
    }

    /** Forgets all marks but these. */
    void replace(Collection<CancelMark> marks) {
        if (words.length > 0) {
            long[] next = marks.isEmpty() ? new long[0] : new long[BITS / Long.SIZE];
            marks.forEach(mark -> set(next, mark));
            words = next;
        }
    }

    private static void set(long[] words, CancelMark mark) {
        int bit = bit(mark);
        words[bit / Long.SIZE] |= 1L << bit;
    }

    /** Returns false if the mark is not there. */
    boolean mayHave(CancelMark mark) {
        long[] present = words;
        int bit = bit(mark);
        return present.length > 0 && (present[bit / Long.SIZE] & (1L << bit)) != 0;
    }

    /** Returns the place of a mark. Hash codes of similar names differ in few bits, so these are spread. */
    private static int bit(CancelMark mark) {
        return (mark.hashCode() * 0x9E3779B9) >>> (Integer.SIZE - Integer.numberOfTrailingZeros(BITS));
    }
}
