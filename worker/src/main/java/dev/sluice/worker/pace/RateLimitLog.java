package dev.sluice.worker.pace;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Tells of a lane's rate-limited calls: of the first at once and then once a minute at most, with counts, however many
 * they are. Finding out a limit costs a few, which is no warning. Owned by the pace thread.
 */
final class RateLimitLog {
    private static final Logger log = LoggerFactory.getLogger(RateLimitLog.class);
    private static final long EVERY = Duration.ofMinutes(1).toNanos();
    /** More than this part of the calls is more than finding out a limit costs. */
    private static final double OFTEN = 0.05;
    /** Of fewer a part says nothing. */
    private static final int SEVERAL = 10;

    private final String lane;
    private long toldAt;
    private long since;
    private long calls;
    private long refused;

    RateLimitLog(String lane, long now) {
        this.lane = lane;
        this.since = now;
        this.toldAt = now - EVERY;
    }

    /** A call has ended. */
    void ended(boolean limited) {
        calls++;
        refused += limited ? 1 : 0;
    }

    /**
     * To be called now and then, also while nothing ends.
     *
     * @param perSecond what may be sent at present
     */
    void tell(double perSecond, long now) {
        if (refused > 0 && now - toldAt >= EVERY) {
            log.atLevel(refused >= SEVERAL && refused > OFTEN * calls ? Level.WARN : Level.INFO)
                    .addKeyValue("lane", lane)
                    .addKeyValue("refused", refused)
                    .addKeyValue("calls", calls)
                    .addKeyValue("seconds", Duration.ofNanos(now - since).toSeconds())
                    .addKeyValue("perSecond", Math.round(perSecond * 10) / 10.0)
                    .log("calls were refused with 429; their requests are called again");
            toldAt = now;
            startAnew(now);
        } else if (refused == 0 && now - since >= EVERY) {
            startAnew(now);
        }
    }

    private void startAnew(long now) {
        since = now;
        calls = 0;
        refused = 0;
    }
}
