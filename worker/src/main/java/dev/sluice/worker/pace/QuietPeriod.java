package dev.sluice.worker.pace;

import java.time.Duration;

/**
 * The time without calls before a call that is to show whether the API ever admits its request. It covers the window of
 * the API's limit, as far as answers tell how long that is. It comes seldom enough to cost a lane little. Owned by the
 * pace thread.
 */
final class QuietPeriod {
    /** It covers the API's second. */
    private static final long MIN = Duration.ofMillis(1_100).toNanos();

    /** It covers the API's minute, if answers say that there is one. */
    private static final long MAX = Duration.ofSeconds(61).toNanos();

    /** A lane makes one quiet period in this many times its length. */
    private static final int INTERVAL = 30;

    private long length = MIN;
    private long sentAt;
    private long madeAt;

    /** Creates a lane's quiet periods. The lane has been quiet before. */
    QuietPeriod(long now) {
        this.sentAt = now - MIN;
        this.madeAt = now - INTERVAL * MIN;
    }

    /** Learns how long an answer has told a request to wait. */
    void told(Duration wait) {
        length = Math.max(MIN, Math.min(MAX, wait.toNanos() + wait.toNanos() / 4));
    }

    /** Returns true if the lane may wait for one. */
    boolean isDue(long now) {
        return now - madeAt >= INTERVAL * length;
    }

    /** Returns the nanoseconds until the lane has been quiet for long enough. */
    long nanosLeft(long now) {
        return Math.max(0, sentAt + length - now);
    }

    /** Records that a call is sent. */
    void sent(long now) {
        sentAt = now;
    }

    /** Records that the lane has waited for one. */
    void made(long now) {
        madeAt = now;
    }
}
