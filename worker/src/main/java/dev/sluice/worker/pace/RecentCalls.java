package dev.sluice.worker.pace;

import java.time.Duration;
import java.util.HashSet;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The latest calls of a lane, or of all lanes, with how they ended. It tells how other requests fare while one fails.
 * Bounded in number and time. Thread-safe.
 */
final class RecentCalls {
    /** Calls older than this say nothing about now. */
    private static final long MAX_AGE = Duration.ofHours(1).toNanos();
    /** A pass that is older than this does not show that URL and key work. */
    private static final long ACCESS_AGE = Duration.ofMinutes(2).toNanos();
    /** The calls that are compared. In an outage their share of failures rises within as many calls. */
    private static final int SAMPLE = 64;
    /** The calls that are kept. Rate-limited ones come often and must not push out all others. */
    private static final int CAPACITY = 256;
    /** Fewer other requests than this are no comparison. */
    private static final int MIN_OTHERS = 3;
    /** Fewer calls than this do not show that failures are frequent. */
    private static final int MIN_CALLS = 10;
    /** A share below this is not believed: a quiet lane has not shown how rare failures are. */
    private static final double MIN_SHARE = 0.05;

    private final String[] ids = new String[CAPACITY];
    private final @Nullable FailureKind[] kinds = new FailureKind[CAPACITY];
    private final boolean[] firsts = new boolean[CAPACITY];
    private final long[] times = new long[CAPACITY];
    private int next;
    private int size;
    private boolean hasPassed;
    private long passedAt;

    /**
     * Records the end of a call.
     *
     * @param kind how it failed; null if the API dealt with it
     * @param isFirst true if the request had not been deferred before
     */
    synchronized void add(String id, @Nullable FailureKind kind, boolean isFirst, long now) {
        ids[next] = id;
        firsts[next] = isFirst;
        kinds[next] = kind;
        times[next] = now;
        next = (next + 1) % CAPACITY;
        size = Math.min(CAPACITY, size + 1);
        if (kind == null) {
            hasPassed = true;
            passedAt = now;
        }
    }

    /**
     * Returns the share of other requests' calls that failed; empty if there are too few. It is 1 if no other request
     * has passed since this one was called last, because an outage may have begun in between.
     *
     * @param kind {@link FailureKind#LIMITED} for the share of 429s among the calls of requests that had
     *     none before. Any other for the share of failures
     *     among the calls that were no 429s: an outage may have several faces, and its requests meet them in turn.
     */
    synchronized OptionalDouble shareOfOthers(String id, FailureKind kind, long now) {
        Comparison comparison = compare(id, kind == FailureKind.LIMITED, now);
        OptionalDouble share = comparison.share();
        return share.isEmpty() || comparison.hasPassedSince ? share : OptionalDouble.of(1);
    }

    /**
     * Returns the share of 429s among the calls of other requests that had none before; empty if there are too few.
     * Requests that never fit, called again and again, would look like a limit to each other.
     */
    synchronized OptionalDouble shareOfOthersLimited(String id, long now) {
        return compare(id, true, now).share();
    }

    private Comparison compare(String id, boolean ofLimit, long now) {
        Comparison comparison = new Comparison();
        for (int i = 0; i < size && comparison.count < SAMPLE; i++) {
            int at = Math.floorMod(next - 1 - i, CAPACITY);
            boolean isLimited = kinds[at] == FailureKind.LIMITED;
            if (now - times[at] > MAX_AGE || (isLimited && !ofLimit)) {
                continue;
            }
            if (ids[at].equals(id)) {
                comparison.wasCalled = true;
            } else if (!ofLimit || firsts[at]) {
                comparison.add(ids[at], ofLimit ? isLimited : kinds[at] != null, kinds[at] == null);
            }
        }
        return comparison;
    }

    /** The calls of the other requests, youngest first. */
    private static final class Comparison {
        private final Set<String> others = new HashSet<>();
        private int count;
        private int failed;
        private boolean wasCalled;
        private boolean hasPassedSince;

        void add(String id, boolean hasFailed, boolean hasPassed) {
            others.add(id);
            count++;
            failed += hasFailed ? 1 : 0;
            hasPassedSince |= hasPassed && !wasCalled;
        }

        OptionalDouble share() {
            // One or two others may be as much at fault as this one, however often they were called.
            return others.size() < MIN_OTHERS
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(Math.max(MIN_SHARE, (failed + 0.5) / (count + 1)));
        }
    }

    /**
     * Returns the share of failures among the calls before the latest ones, from 0.05 to 1. 429s do not count. Without
     * enough calls before them, or without one that passed, it assumes that failures are rare.
     *
     * @param latest the number of latest calls to leave out
     */
    synchronized double shareOfFailuresBefore(int latest, long now) {
        int before = 0;
        int failed = 0;
        int skipped = 0;
        for (int i = 0; i < size && before < SAMPLE; i++) {
            int at = Math.floorMod(next - 1 - i, CAPACITY);
            if (now - times[at] > MAX_AGE || kinds[at] == FailureKind.LIMITED) {
                continue;
            }
            if (skipped < latest) {
                skipped++;
                continue;
            }
            before++;
            failed += kinds[at] == null ? 0 : 1;
        }
        // Where nothing passes it is no brown-out.
        boolean isKnown = before >= MIN_CALLS && failed < before;
        return isKnown ? Math.max(MIN_SHARE, (failed + 0.5) / (before + 1)) : MIN_SHARE;
    }

    /** Returns true if the API has dealt with a call lately. */
    synchronized boolean hasPassed(long now) {
        return hasPassed && now - passedAt <= ACCESS_AGE;
    }
}
