package dev.sluice.worker.pace;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Paces the probes of lanes that are held for the key or the host, so that one probe speaks for all of them. It does
 * so while several lanes are held and none passes a call. Where others pass, a lane is held for a reason of its own.
 * Owned by the pace thread.
 */
final class SharedProbes {
    private static final long MIN_PAUSE = Duration.ofSeconds(1).toNanos();
    private static final long MAX_PAUSE = Duration.ofSeconds(30).toNanos();

    /** The first lane that was held since a lane passed a call. */
    private @Nullable Lane first;

    private boolean areSeveral;
    private long pause = MIN_PAUSE;
    private long nextAt;

    /** Records that a call of a lane was held for the key or the host. */
    void held(Lane lane, long now) {
        if (first == null) {
            first = lane;
            pause = MIN_PAUSE;
            nextAt = now + pause;
            return;
        }
        areSeveral |= first != lane;
    }

    /** Records the start of a probe of a held lane. The others wait for its end, but not for ever. */
    void started(long now) {
        pause = Math.min(MAX_PAUSE, 2 * pause);
        nextAt = now + pause;
    }

    /** Records that a lane has passed a call. */
    void passed() {
        first = null;
        areSeveral = false;
    }

    /** Returns the nanoseconds until a held lane may be probed. Each lane has a pause of its own besides. */
    long nanosToNext(long now) {
        return areSeveral ? Math.max(0, nextAt - now) : 0;
    }
}
