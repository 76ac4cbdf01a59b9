package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops a lane when the API fails several times in a row or serves nobody. A stopped lane sends one probe after
 * another. A few follow in a row and the next ones after growing pauses. Each probe is another request, so that no
 * single one can keep the lane stopped. Owned by the pace thread, except for {@link #failureBlame}.
 */
final class CircuitBreaker {
    private static final Logger log = LoggerFactory.getLogger(CircuitBreaker.class);
    /**
     * The consecutive failures that stop a lane. They are fewer than the attempts that a request has by default. The
     * only request of a quiet model meets each of them and must outlive an outage.
     */
    private static final int FAILURES_TO_STOP = 3;

    private static final long MIN_PAUSE = Duration.ofSeconds(1).toNanos();
    private static final long MAX_PAUSE = Duration.ofSeconds(30).toNanos();
    /**
     * The probes between two long pauses, one minimum pause apart. With a single probe, a request that fails for
     * reasons of its own would make all others wait for another long pause.
     */
    private static final int PROBES_IN_A_ROW = 3;

    private enum State {
        FLOWING,
        STOPPED,
        PROBING
    }

    private final String lane;
    private State state = State.FLOWING;
    private LaneState.Flow flowWhenStopped = LaneState.Flow.OPEN;
    private int failures;
    private int probesInVain;
    private long pause;
    private long changedAt;
    /** The last request rejected with an edge 403. If the next probe succeeds, this request caused it. */
    private @Nullable Request suspect;

    private volatile @Nullable String stopReason;

    private volatile @Nullable Probe probe;

    /** @param alone true if every other waiting request was a probe in vain since the lane stopped */
    private record Probe(Request request, boolean alone) {}

    CircuitBreaker(String lane, long now) {
        this.lane = lane;
        this.changedAt = now;
    }

    /** Returns true if nothing may be sent until the present probe has ended. */
    boolean isProbing() {
        return state == State.PROBING;
    }

    /**
     * Records the start of a call, which is a probe if the lane is stopped.
     *
     * @param waiting the number of other waiting requests
     */
    void started(Request request, int waiting) {
        if (state == State.STOPPED) {
            state = State.PROBING;
            probe = new Probe(request, probesInVain >= waiting);
        }
    }

    /** Returns false if the lane has stopped or resumed since the call started, so that it says nothing about now. */
    boolean isRecent(long startedAt) {
        return startedAt - changedAt >= 0;
    }

    /**
     * Records a call that the API dealt with, which lets the lane flow.
     *
     * @return the request that turns out to have been at fault for stopping the lane
     */
    Optional<Request> passed(long now) {
        Request blamed = state == State.PROBING ? suspect : null;
        if (state != State.FLOWING) {
            change(State.FLOWING, now);
            stopReason = null;
            log.atInfo().addKeyValue("lane", lane).log("Lane flows again");
        }
        failures = 0;
        pause = 0;
        suspect = null;
        return Optional.ofNullable(blamed);
    }

    /**
     * Records a failure that is not evidently the fault of the request.
     *
     * @return the pause of the lane in nanoseconds; 0 if it goes on
     */
    long failed(String cause, int waiting, long now) {
        failures++;
        flowWhenStopped = LaneState.Flow.OPEN;
        return state == State.PROBING || failures >= FAILURES_TO_STOP ? stop(cause, waiting, now) : 0;
    }

    /**
     * Records that the API serves nobody.
     *
     * @return the pause of the lane in nanoseconds
     */
    long blocked(String cause, int waiting, long now) {
        suspect = null;
        flowWhenStopped = LaneState.Flow.HELD;
        return stop(cause, waiting, now);
    }

    /**
     * Records that an edge rejects all our calls, or only the text of this request.
     *
     * @return the pause of the lane in nanoseconds
     */
    long blockedByEdge(Request request, String cause, int waiting, long now) {
        suspect = request;
        flowWhenStopped = LaneState.Flow.HELD;
        return stop(cause, waiting, now);
    }

    /** Records that we cancelled a call. A cancelled probe is followed by another one. */
    void cancelled() {
        if (state == State.PROBING) {
            state = State.STOPPED;
        }
    }

    private long stop(String reason, int waiting, long now) {
        probesInVain = state == State.PROBING ? probesInVain + 1 : 0;
        change(State.STOPPED, now);
        stopReason = reason;
        boolean longPause = probesInVain % PROBES_IN_A_ROW == 0;
        pause = longPause ? Math.min(MAX_PAUSE, Math.max(MIN_PAUSE, 2 * pause)) : pause;
        long wait = longPause ? pause : MIN_PAUSE;
        log.atWarn()
                .addKeyValue("lane", lane)
                .addKeyValue("reason", reason)
                .addKeyValue("waiting", waiting)
                .addKeyValue("nextProbeIn", Duration.ofNanos(wait))
                .log("Lane stopped; its requests stay where they are");
        return wait;
    }

    private void change(State next, long now) {
        state = next;
        probe = null;
        failures = 0;
        changedAt = now;
    }

    /** Returns how the lane is stopped, or nothing if it flows. */
    Optional<LaneState.Flow> flow() {
        return state == State.FLOWING ? Optional.empty() : Optional.of(flowWhenStopped);
    }

    /** Returns why the lane is stopped, or nothing if it flows. Thread-safe. */
    Optional<String> stopReason() {
        return Optional.ofNullable(stopReason);
    }

    /** Returns who is to blame if the call of this request fails. Thread-safe. */
    FailureBlame failureBlame(Request request) {
        Probe current = probe;
        if (current != null && current.alone() && current.request().equals(request)) {
            return FailureBlame.ALONE;
        }
        return stopReason != null ? FailureBlame.HELD : FailureBlame.FLOWING;
    }
}
