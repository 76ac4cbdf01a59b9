package dev.sluice.worker.pace;

import java.math.BigDecimal;
import java.math.MathContext;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Logs the rate-limited calls of a lane as counts. The first one is logged at once, later ones once a minute at most. A
 * few are the price of estimating a limit and no reason for a warning. Owned by the pace thread.
 */
final class RateLimitLog {
    private static final Logger log = LoggerFactory.getLogger(RateLimitLog.class);
    private static final long INTERVAL = Duration.ofMinutes(1).toNanos();
    /** A larger part of the calls is more than the estimate of a limit costs, and is a warning. */
    private static final double WARN_PART = 0.05;
    /** Fewer rejected calls than this are never a warning, because a part of so few says nothing. */
    private static final int WARN_COUNT = 10;

    private final String lane;
    private long loggedAt;
    private long since;
    private long calls;
    private long rejected;

    RateLimitLog(String lane, long now) {
        this.lane = lane;
        this.since = now;
        this.loggedAt = now - INTERVAL;
    }

    /** Counts a call that has ended. */
    void ended(boolean limited) {
        calls++;
        rejected += limited ? 1 : 0;
    }

    /**
     * Logs the counts if a line is due. Must be called now and then, even while no call ends.
     *
     * @param perSecond the requests per second that the lane may send at present
     */
    void logIfDue(double perSecond, long now) {
        if (rejected > 0 && now - loggedAt >= INTERVAL) {
            log.atLevel(rejected >= WARN_COUNT && rejected > WARN_PART * calls ? Level.WARN : Level.INFO)
                    .addKeyValue("lane", lane)
                    .addKeyValue("rejected", rejected)
                    .addKeyValue("calls", calls)
                    .addKeyValue("seconds", Duration.ofNanos(now - since).toSeconds())
                    .addKeyValue("perSecond", legible(perSecond))
                    .log("Calls were rejected with 429; their requests are called again");
            loggedAt = now;
            reset(now);
        } else if (rejected == 0 && now - since >= INTERVAL) {
            reset(now);
        }
    }

    /** Returns a number with one decimal, or with three digits if it is small: a limit may be a few calls a day. */
    private static double legible(double perSecond) {
        return perSecond < 1
                ? new BigDecimal(perSecond, new MathContext(3)).doubleValue()
                : Math.round(perSecond * 10) / 10.0;
    }

    private void reset(long now) {
        since = now;
        calls = 0;
        rejected = 0;
    }
}
