package dev.sluice.worker.pace;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;

/** A clock that a test sets forward. */
final class VirtualTime implements TimeMeter {
    /** The start, which is not zero so that no code can rely on zero. */
    static final long START = Duration.ofHours(1).toNanos();

    private long now = START;

    @Override
    public long currentTimeNanos() {
        return now;
    }

    @Override
    public boolean isWallClockBased() {
        return false;
    }

    void pass(Duration duration) {
        passNanos(duration.toNanos());
    }

    void passNanos(long nanos) {
        now += nanos;
    }

    Duration sinceStart() {
        return Duration.ofNanos(now - START);
    }
}
