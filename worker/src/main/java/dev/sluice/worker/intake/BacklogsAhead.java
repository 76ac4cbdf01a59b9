package dev.sluice.worker.intake;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The backlogs that lie ahead in a partition, with the last offset of each, as far as the scout has looked. Owned by
 * the poll thread.
 */
final class BacklogsAhead {
    /** The most backlogs that are told apart. */
    private static final int MOST = 256;

    private final Map<Backlog, Long> last = new HashMap<>();
    private long next;
    /** The last offset of which nobody knows the backlog. */
    private long lastUnknown = -1;

    BacklogsAhead(long next) {
        this.next = next;
    }

    /** Returns the offset that the scout looks at next. */
    long next() {
        return next;
    }

    void skipTo(long offset) {
        next = Math.max(next, offset);
    }

    void saw(Backlog backlog, long offset) {
        if (last.size() < MOST || last.containsKey(backlog)) {
            last.put(backlog, offset);
        } else {
            lastUnknown = offset;
        }
        next = offset + 1;
    }

    /** Learns that the scout cannot read what it looks at next. */
    void cannotRead() {
        lastUnknown = Math.max(lastUnknown, next);
    }

    /** Returns true if something lies from this offset on whose backlog is unknown. */
    boolean isUnreadableFrom(long position) {
        return lastUnknown >= position && lastUnknown >= next;
    }

    /** Returns false if no record of this backlog lies between two offsets. */
    boolean mayHold(Backlog backlog, long from, long end) {
        return next < end || lastUnknown >= from || last.getOrDefault(backlog, -1L) >= from;
    }

    /**
     * Returns true if a backlog that is wanted lies at this offset or beyond.
     *
     * @param anyWanted returns true if one of these is wanted
     */
    boolean leadTo(long offset, Predicate<Set<Backlog>> anyWanted) {
        if (lastUnknown >= offset) {
            return true;
        }
        last.values().removeIf(lastOffset -> lastOffset < offset);
        return anyWanted.test(last.keySet());
    }
}
