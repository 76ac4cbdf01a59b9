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
    /** The most models of which it is known that there are other backlogs. */
    private static final int MOST_MODELS = 64;

    private final Map<Backlog, Long> last = new HashMap<>();
    /** The last offset of the backlogs of a model that are not told apart. */
    private final Map<String, Long> lastOfModel = new HashMap<>();

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
        } else if (lastOfModel.size() < MOST_MODELS || lastOfModel.containsKey(backlog.model())) {
            lastOfModel.put(backlog.model(), offset);
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
        return next < end
                || lastUnknown >= from
                || lastOfModel.getOrDefault(backlog.model(), -1L) >= from
                || last.getOrDefault(backlog, -1L) >= from;
    }

    /**
     * Returns true if a backlog that is wanted lies at this offset or beyond.
     *
     * @param anyWanted returns true if one of these is wanted
     * @param isModelWanted returns true if any backlog of a model may be wanted
     */
    boolean leadTo(long offset, Predicate<Set<Backlog>> anyWanted, Predicate<String> isModelWanted) {
        if (lastUnknown >= offset) {
            return true;
        }
        lastOfModel.values().removeIf(lastOffset -> lastOffset < offset);
        last.values().removeIf(lastOffset -> lastOffset < offset);
        return lastOfModel.keySet().stream().anyMatch(isModelWanted) || anyWanted.test(last.keySet());
    }
}
