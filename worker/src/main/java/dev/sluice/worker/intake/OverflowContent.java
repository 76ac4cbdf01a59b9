package dev.sluice.worker.intake;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The content of an overflow partition, as far as this worker knows it. Only the owner of its bundle writes there, so
 * it knows what it has moved itself. Of what an earlier owner has moved it knows the end, and what it has come across
 * so far. Owned by the poll thread.
 */
final class OverflowContent {
    private static final long UNKNOWN = -1;

    /** The time after which something that should have come will not. */
    private static final long LONGEST_QUIET_MILLIS = 10_000;

    /** The number of records of each backlog that this worker has moved here and not read again. */
    private final Map<Backlog, Long> moved = new HashMap<>();

    /** The backlogs of the records of earlier owners that were read. More of them may follow. */
    private final Set<Backlog> earlier = new HashSet<>();

    private long earlierEnd = UNKNOWN;
    private boolean isBegun;
    private long movedInAll;
    private long quietAt;
    private long quietSince;

    /** Returns true if the end of what earlier owners have moved here is not known yet. */
    boolean awaitsEnd() {
        return earlierEnd == UNKNOWN;
    }

    /** @param end the end of the log, with records of open transactions */
    void endsAt(long end) {
        earlierEnd = end;
    }

    /** Returns true if a record was read, or there is none, so that it is known whose place this is. */
    boolean isKnown(long position) {
        return !awaitsEnd() && (isBegun || position >= earlierEnd);
    }

    boolean isEmpty(long position) {
        return isKnown(position) && position >= earlierEnd && moved.isEmpty();
    }

    /**
     * Returns true if records of this backlog lie here, as far as known.
     *
     * @param ahead what the scout has seen here
     */
    boolean holds(Backlog backlog, long position, BacklogsAhead ahead) {
        return moved.containsKey(backlog)
                || (position < earlierEnd && earlier.contains(backlog) && ahead.mayHold(backlog, position, earlierEnd));
    }

    /** Returns the number of records here, at most. */
    long size(long position) {
        return Math.max(0, earlierEnd - position) + movedInAll;
    }

    /** Learns that a record moves here. */
    void add(Backlog backlog) {
        moved.merge(backlog, 1L, Long::sum);
        movedInAll++;
    }

    /** Learns that a record does not move here after all. */
    void takeBack(Backlog backlog) {
        if (moved.containsKey(backlog)) {
            moved.computeIfPresent(backlog, (same, count) -> count > 1 ? count - 1 : null);
            movedInAll--;
        }
    }

    /**
     * Gives up the counts, since some of what has moved here will not be read as what it was. The rest is treated like
     * that of an earlier owner. A count that is too high would keep newer requests of its backlog back for ever.
     */
    void recount() {
        earlier.addAll(moved.keySet());
        moved.clear();
        movedInAll = 0;
        earlierEnd = UNKNOWN;
    }

    /** Returns true if nothing has come for long, although something has moved here and could be read. */
    boolean isQuiet(long position, boolean isPaused, long nowMillis) {
        if (moved.isEmpty() || isPaused || position != quietAt) {
            quietAt = position;
            quietSince = nowMillis;
        }
        return nowMillis - quietSince >= LONGEST_QUIET_MILLIS;
    }

    /** Learns of which backlog a record is that was fetched. */
    void sees(Backlog backlog, long offset) {
        isBegun = true;
        if (offset < earlierEnd) {
            earlier.add(backlog);
        }
    }

    /** Learns that a record was taken from here. */
    void taken(Backlog backlog, long offset) {
        if (offset >= earlierEnd) {
            takeBack(backlog);
        }
    }
}
