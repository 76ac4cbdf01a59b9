package dev.sluice.worker.pace;

import io.github.bucket4j.TimeMeter;
import java.time.Duration;

/** Time that passes when a test says so. */
final class VirtualTime implements TimeMeter {
    /** Not zero, so that nothing takes zero for its start. */
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
