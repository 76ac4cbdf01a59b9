package dev.sluice.gateway;

import java.util.Optional;

/**
 * Counts what one caller has waiting and how many requests it has sent within the second. It belongs to the event loop.
 */
final class CallerAllowance {
    private static final long SECOND = 1_000_000_000L;

    private final int maxWaiting;
    private final int maxPerSecond;
    private int waiting;
    private long second;
    private int spent;

    /** Makes an allowance that is not used yet. Each bound is at least 1. */
    CallerAllowance(int maxWaiting, int maxPerSecond) {
        this.maxWaiting = maxWaiting;
        this.maxPerSecond = maxPerSecond;
    }

    static CallerAllowance unlimited() {
        return new CallerAllowance(Integer.MAX_VALUE, Integer.MAX_VALUE);
    }

    boolean hasBoundsOf(CallerAllowance other) {
        return maxWaiting == other.maxWaiting && maxPerSecond == other.maxPerSecond;
    }

    /** Takes a place, which {@link #release} gives back. Returns why there is none, if so. */
    Optional<HttpAnswer> take(long nowNanos) {
        if (waiting >= maxWaiting) {
            return Optional.of(ErrorBody.busy(
                    429, "too_many_waiting", "this key has " + maxWaiting + " requests waiting, its most", 5));
        }
        long now = nowNanos / SECOND;
        if (now != second) {
            second = now;
            spent = 0;
        }
        if (spent >= maxPerSecond) {
            return Optional.of(ErrorBody.busy(
                    429, "too_many_requests", "this key may send " + maxPerSecond + " requests a second", 1));
        }
        spent++;
        waiting++;
        return Optional.empty();
    }

    void release() {
        waiting--;
    }
}
