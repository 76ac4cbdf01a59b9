package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether a lane flows. It stops when the API fails several times in a row or serves nobody, and then lets one probe
 * after another through, a few in a row and then after growing pauses, each time another request, so that no single one
 * can keep it shut. Owned by the pace thread but for {@link #failureBlame}.
 */
final class CircuitBreaker {
    private static final Logger log = LoggerFactory.getLogger(CircuitBreaker.class);
    /**
     * Consecutive failures of the API that stop a lane. Fewer than the attempts a request has by default: the only
     * request of a quiet model meets each of them, and must outlive an outage.
     */
    private static final int FAILURES_TO_STOP = 3;

    private static final long FIRST_PAUSE = Duration.ofSeconds(1).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofSeconds(30).toNanos();
    /**
     * Probes between two long pauses, a first pause apart. With a single one, a request that fails for reasons of its
     * own would keep all others waiting for another long pause.
     */
    private static final int PROBES_IN_A_ROW = 3;

    private enum State {
        FLOWING,
        STOPPED,
        PROBING
    }

    private final String lane;
    private State state = State.FLOWING;
    private LaneState.Flow stopsAs = LaneState.Flow.OPEN;
    private int failures;
    private int probesInVain;
    private long pause;
    private long changedAt;
    /** The last that the edge refused since the lane flowed: if the next probe passes, it was this one's own fault. */
    private @Nullable Request suspect;

    /** Why the lane does not flow. */
    private volatile @Nullable String heldBy;

    private volatile @Nullable Probe probe;

    /** @param alone whether every other request that waits was a probe in vain since the lane stopped */
    private record Probe(Request request, boolean alone) {}

    CircuitBreaker(String lane, long now) {
        this.lane = lane;
        this.changedAt = now;
    }

    /** Whether nothing may be sent until the present probe has ended. */
    boolean isProbing() {
        return state == State.PROBING;
    }

    /**
     * This request is sent.
     *
     * @param waiting how many others wait
     */
    void sent(Request request, int waiting) {
        if (state == State.STOPPED) {
            state = State.PROBING;
            probe = new Probe(request, probesInVain >= waiting);
        }
    }

    /**
     * Whether a call sent then says anything about the API of now: not if the lane has stopped or begun to flow since.
     */
    boolean isRecent(long sentAt) {
        return sentAt - changedAt >= 0;
    }

    /** The API deals with requests; gives one that turns out to have been at fault itself. */
    Optional<Request> passed(long now) {
        Request blamed = state == State.PROBING ? suspect : null;
        if (state != State.FLOWING) {
            change(State.FLOWING, now);
            heldBy = null;
            log.atInfo().addKeyValue("lane", lane).log("lane flows again");
        }
        failures = 0;
        pause = 0;
        suspect = null;
        return Optional.ofNullable(blamed);
    }

    /** A failure that is not evidently the request's own; nanoseconds to rest, 0 to go on. */
    long failed(String cause, int waiting, long now) {
        failures++;
        stopsAs = LaneState.Flow.OPEN;
        return state == State.PROBING || failures >= FAILURES_TO_STOP ? stop(cause, waiting, now) : 0;
    }

    /** Nobody is served; nanoseconds to rest. */
    long blocked(String cause, int waiting, long now) {
        suspect = null;
        stopsAs = LaneState.Flow.HELD;
        return stop(cause, waiting, now);
    }

    /** An edge refuses us, or what this request says; nanoseconds to rest. */
    long blockedByEdge(Request request, String cause, int waiting, long now) {
        suspect = request;
        stopsAs = LaneState.Flow.HELD;
        return stop(cause, waiting, now);
    }

    /** A call was given up. */
    void cancelled() {
        if (state == State.PROBING) {
            state = State.STOPPED;
        }
    }

    private long stop(String reason, int waiting, long now) {
        probesInVain = state == State.PROBING ? probesInVain + 1 : 0;
        change(State.STOPPED, now);
        heldBy = reason;
        boolean rests = probesInVain % PROBES_IN_A_ROW == 0;
        pause = rests ? Math.min(LONGEST_PAUSE, Math.max(FIRST_PAUSE, 2 * pause)) : pause;
        long wait = rests ? pause : FIRST_PAUSE;
        log.atWarn()
                .addKeyValue("lane", lane)
                .addKeyValue("reason", reason)
                .addKeyValue("waiting", waiting)
                .addKeyValue("nextProbeIn", Duration.ofNanos(wait))
                .log("lane held; its requests stay where they are");
        return wait;
    }

    private void change(State next, long now) {
        state = next;
        probe = null;
        failures = 0;
        changedAt = now;
    }

    /** In what manner the lane does not flow; empty while it does. */
    Optional<LaneState.Flow> flow() {
        return state == State.FLOWING ? Optional.empty() : Optional.of(stopsAs);
    }

    /** Why the lane does not flow; empty while it does. Any thread. */
    Optional<String> heldBy() {
        return Optional.ofNullable(heldBy);
    }

    /** How this request, which is called or was, stands in the lane. Any thread. */
    FailureBlame failureBlame(Request request) {
        Probe current = probe;
        if (current != null && current.alone() && current.request().equals(request)) {
            return FailureBlame.ALONE;
        }
        return heldBy != null ? FailureBlame.HELD : FailureBlame.FLOWING;
    }
}
