package dev.sluice.worker;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The host's clock, but for jumps that are taken back soon. While the host's clock has jumped, ahead or back, this one
 * goes on by the monotonic clock. After a minute it believes the jump. So a clock that is wrong for some seconds makes
 * no request expire and none due hours later. Thread-safe.
 */
final class SteadyClock extends Clock {
    /** A smaller difference is followed at once. */
    private static final long JUMP_MILLIS = Duration.ofSeconds(2).toMillis();

    private static final long BELIEVED_AFTER_MILLIS = Duration.ofMinutes(1).toMillis();

    private static final Logger log = LoggerFactory.getLogger(SteadyClock.class);

    private final Clock host;
    private final LongSupplier nanoTime;
    /** The host's time at which the monotonic clock began. */
    private long offset;
    /** The time at which the host's clock began to differ, by the monotonic clock; -1 if it does not. */
    private long jumpedAt = -1;

    private final long begin;

    /** @param nanoTime a monotonic clock */
    SteadyClock(Clock host, LongSupplier nanoTime) {
        this.host = host;
        this.nanoTime = nanoTime;
        this.begin = nanoTime.getAsLong();
        this.offset = host.millis();
    }

    @Override
    public synchronized long millis() {
        long monotonic = TimeUnit.NANOSECONDS.toMillis(nanoTime.getAsLong() - begin);
        long jump = host.millis() - (offset + monotonic);
        if (Math.abs(jump) > JUMP_MILLIS && !isBelieved(monotonic, jump)) {
            return offset + monotonic;
        }
        jumpedAt = -1;
        offset += jump;
        return offset + monotonic;
    }

    /**
     * Returns the later one of this clock's and the host's time. They differ while a jump is in doubt. That is also so
     * when the host was suspended, since the monotonic clock of Linux stands still then.
     */
    long latestMillis() {
        return Math.max(millis(), host.millis());
    }

    private boolean isBelieved(long monotonic, long jump) {
        if (jumpedAt < 0) {
            jumpedAt = monotonic;
            log.atWarn()
                    .addKeyValue("jump", Duration.ofMillis(jump))
                    .log("Clock of this host has jumped; the worker follows it if it stays so for a minute");
        }
        return monotonic - jumpedAt >= BELIEVED_AFTER_MILLIS;
    }

    @Override
    public Instant instant() {
        return Instant.ofEpochMilli(millis());
    }

    @Override
    public ZoneId getZone() {
        return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
        throw new UnsupportedOperationException("only " + getZone());
    }
}
