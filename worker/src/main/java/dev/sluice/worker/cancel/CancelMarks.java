package dev.sluice.worker.cancel;

import dev.sluice.wire.CancelMark;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.header.Headers;

/**
 * The marks that cancel requests at present. Thread-safe. A look costs a volatile read while there is no mark, else one
 * header and one look-up for each kind of mark that there is.
 *
 * <p>A mark counts for requests that were published before it, so that a replay, or another request with the same id,
 * is not cancelled by an old mark. Both times are the broker's.
 */
public final class CancelMarks {
    /** The most marks that are kept. Beyond them the oldest are forgotten. */
    public static final int MAX = 100_000;

    /**
     * The time after a mark in which requests still count as published before it, since the leaders of both partitions
     * may be brokers whose clocks differ.
     */
    static final Duration CLOCK_DIFFERENCE = Duration.ofSeconds(1);

    private final int max;
    private final Map<CancelMark, Validity> marks = new LinkedHashMap<>();
    private final Map<CancelMark.Kind, Integer> counts = new EnumMap<>(CancelMark.Kind.class);
    /** The kinds of which there is a mark. */
    private volatile List<CancelMark.Kind> kinds = List.of();

    private final MarkFilter filter = new MarkFilter();
    private volatile int size;
    private long forgotten;

    /**
     * The time for which a mark counts.
     *
     * @param writtenAt the broker's epoch ms at which it was written
     * @param endsAt the epoch ms from which it does not count
     */
    private record Validity(long writtenAt, long endsAt) {}

    public CancelMarks() {
        this(MAX);
    }

    CancelMarks(int max) {
        this.max = max;
    }

    /**
     * Takes a mark that was read. One that names the same requests as an earlier one replaces it, and ends no sooner.
     *
     * @param writtenAt the broker's epoch ms
     * @param endsAt the epoch ms from which it does not count; {@link Long#MAX_VALUE} for never
     */
    synchronized void add(CancelMark mark, long writtenAt, long endsAt) {
        // To be the youngest it must be added anew.
        Validity earlier = marks.remove(mark);
        if (earlier == null && counts.merge(mark.kind(), 1, Integer::sum) == 1) {
            kinds = List.copyOf(counts.keySet());
        }
        long lastEnd = earlier == null ? endsAt : Math.max(endsAt, earlier.endsAt());
        marks.put(mark, new Validity(writtenAt, lastEnd));
        filter.add(mark);
        if (marks.size() > max) {
            Iterator<CancelMark> oldest = marks.keySet().iterator();
            removed(oldest.next());
            oldest.remove();
            forgotten++;
        }
        size = marks.size();
    }

    /** Removes the marks that have ended. */
    synchronized void removeEnded(long nowMillis) {
        for (Iterator<Map.Entry<CancelMark, Validity>> each = marks.entrySet().iterator(); each.hasNext(); ) {
            Map.Entry<CancelMark, Validity> next = each.next();
            if (next.getValue().endsAt() <= nowMillis) {
                removed(next.getKey());
                each.remove();
            }
        }
        filter.replace(marks.keySet());
        size = marks.size();
    }

    private void removed(CancelMark mark) {
        if (counts.computeIfPresent(mark.kind(), (kind, count) -> count == 1 ? null : count - 1) == null) {
            kinds = List.copyOf(counts.keySet());
        }
    }

    /**
     * Returns true if a mark cancels this request. There may be many marks, and each request is looked for several
     * times. So only what may be there is looked up.
     *
     * @param id the id of the request
     * @param publishedAt the epoch ms of its first record
     * @param headers its headers
     */
    public boolean include(String id, long publishedAt, Headers headers) {
        if (size == 0) {
            return false;
        }
        for (CancelMark.Kind kind : kinds) {
            CancelMark wanted = kind == CancelMark.Kind.ID
                    ? CancelMark.ofId(id)
                    : kind.in(headers).orElse(null);
            if (wanted != null && filter.mayHave(wanted) && covers(wanted, publishedAt)) {
                return true;
            }
        }
        return false;
    }

    private synchronized boolean covers(CancelMark mark, long publishedAt) {
        Validity found = marks.get(mark);
        return found != null && publishedAt <= found.writtenAt() + CLOCK_DIFFERENCE.toMillis();
    }

    /** Returns the number of marks that are kept. */
    public int size() {
        return size;
    }

    /** Returns the number of marks that were forgotten because there were too many. */
    synchronized long forgotten() {
        return forgotten;
    }
}
