package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import dev.sluice.worker.text.Durations;
import java.time.Duration;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stops a lane whose calls fail for reasons that lie in its surroundings, and tries it again with probes. Owned by the
 * pace thread, except for {@link #stopReason}.
 *
 * <p>A lane stops after more failures in a row than its calls of late make plausible. That are three in a row if
 * failures were rare, and some 25 if seven of ten calls failed anyhow: such a brown-out thins out what passes and
 * is no reason to send nothing. A stopped lane sends a few probes, one minimum pause apart, and then after growing
 * pauses. Each probe is another request, so that no single one can keep the lane stopped.
 */
final class CircuitBreaker {
    private static final Logger log = LoggerFactory.getLogger(CircuitBreaker.class);
    private static final int MIN_FAILURES = 3;
    private static final int MAX_FAILURES = 100;
    /** A run of failures that chance makes less often than this stops the lane: three where one of twenty fails. */
    private static final double CHANCE = 1.3e-4;
    /** This many foreign answers in a row, to different requests, are no matter of one request. */
    private static final int MIN_FOREIGN = 3;
    /** This many rejections in a row with one status and code are a mistake that hits all requests of the lane. */
    private static final int MIN_REJECTED = 20;

    private static final long MIN_PAUSE = Duration.ofSeconds(1).toNanos();
    private static final long MAX_PAUSE = Duration.ofSeconds(30).toNanos();
    /**
     * The probes between two long pauses, one minimum pause apart. With a single probe, a request that fails for
     * reasons of its own would make all others wait for another long pause.
     */
    private static final int PROBES_IN_A_ROW = 3;

    private static final long LOG_INTERVAL = Duration.ofMinutes(1).toNanos();

    private enum State {
        FLOWING,
        STOPPED,
        PROBING
    }

    private final String lane;
    private State state = State.FLOWING;
    private LaneState.Flow flowWhenStopped = LaneState.Flow.OPEN;
    private boolean forAll;
    private int failures;
    private int probesInVain;
    private long pause;
    private long changedAt;
    private final Set<String> foreign = new HashSet<>();
    private final Set<String> rejected = new HashSet<>();
    private String rejectedWith = "";
    private long loggedAt;
    private String logged = "";

    private volatile @Nullable String stopReason;

    CircuitBreaker(String lane, long now) {
        this.lane = lane;
        this.changedAt = now;
        this.loggedAt = now - LOG_INTERVAL;
    }

    /** Returns true if nothing may be sent until the present probe has ended. */
    boolean isProbing() {
        return state == State.PROBING;
    }

    /** Records the start of a call, which is a probe if the lane is stopped. */
    void started() {
        if (state == State.STOPPED) {
            state = State.PROBING;
        }
    }

    /** Returns false if the lane has stopped or resumed since the call started, so that it says nothing about now. */
    boolean isRecent(long startedAt) {
        return startedAt - changedAt >= 0;
    }

    /** Records a call that the API answered, which lets the lane flow. */
    void passed(long now) {
        resume(now);
        rejected.clear();
    }

    private void resume(long now) {
        if (state != State.FLOWING) {
            change(State.FLOWING, now);
            stopReason = null;
            log.atInfo().addKeyValue("lane", lane).log("Lane flows again");
        }
        failures = 0;
        pause = 0;
        foreign.clear();
    }

    /**
     * Records a request that the API rejected for its own fault. That lets the lane flow, unless many different
     * requests in a row are rejected in the same way: then it slows down to one call per pause.
     *
     * @return the pause of the lane in nanoseconds; 0 if it goes on
     */
    long rejected(Request request, String cause, boolean apiWorks, int waiting, long now) {
        if (!cause.equals(rejectedWith)) {
            rejectedWith = cause;
            rejected.clear();
        }
        if (rejected.size() < MIN_REJECTED) {
            rejected.add(request.input().id());
        }
        if (rejected.size() < MIN_REJECTED) {
            if (apiWorks) {
                resume(now);
            } else {
                ignored();
            }
            return 0;
        }
        flowWhenStopped = LaneState.Flow.HELD;
        return stop("the last " + MIN_REJECTED + " requests were rejected: " + cause, waiting, now);
    }

    /**
     * Returns true if one more failure in a row is reason to have fewer calls in flight. That is every failure while
     * failures are rare, and a third of the way to a stop while they are not.
     */
    boolean isReasonForFewerCalls(RecentCalls calls, long now) {
        return 3 * (failures + 1) >= failuresToStop(calls, now);
    }

    /** Returns the failures in a row that the calls before them do not make plausible. */
    private double failuresToStop(RecentCalls calls, long now) {
        double likely = Math.log(CHANCE) / Math.log(calls.shareOfFailuresBefore(failures, now));
        return Math.max(MIN_FAILURES, Math.min(MAX_FAILURES, likely));
    }

    /**
     * Records a failure that is not evidently the fault of the request.
     *
     * @param calls the lane's calls, this one among them
     * @return the pause of the lane in nanoseconds; 0 if it goes on
     */
    long failed(String cause, RecentCalls calls, int waiting, long now) {
        failures++;
        flowWhenStopped = LaneState.Flow.OPEN;
        return state == State.PROBING || failures >= failuresToStop(calls, now) ? stop(cause, waiting, now) : 0;
    }

    /**
     * Records that the API serves nobody.
     *
     * @return the pause of the lane in nanoseconds
     */
    long blocked(String cause, int waiting, long now) {
        flowWhenStopped = LaneState.Flow.HELD;
        long wait = stop(cause, waiting, now);
        forAll = true;
        return wait;
    }

    /** Returns true if the lane is stopped for a reason that belongs to the key or the host. */
    boolean isHeldForAll() {
        return state != State.FLOWING && forAll;
    }

    /**
     * Records that something in front of the API answered for it. One request may be the cause; three different ones
     * are not.
     *
     * @param apiWorks true if the API has dealt with other calls within the last minutes
     * @return the pause of the lane in nanoseconds; 0 if it goes on
     */
    long foreign(Request request, String cause, boolean apiWorks, int waiting, long now) {
        if (foreign.size() < MIN_FOREIGN) {
            foreign.add(request.input().id());
        }
        if (state == State.FLOWING && apiWorks && foreign.size() < MIN_FOREIGN) {
            return 0;
        }
        flowWhenStopped = LaneState.Flow.HELD;
        return stop(cause, waiting, now);
    }

    /**
     * Records that the answer to a probe has begun. It may take minutes, and may break off as others have. So it does
     * not let the lane flow, but another probe follows.
     *
     * @return the pause of the lane in nanoseconds
     */
    long begun() {
        ignored();
        return Math.max(MIN_PAUSE, pause);
    }

    /** Records the end of a call that says nothing. A probe that says nothing is followed by another one. */
    void ignored() {
        if (state == State.PROBING) {
            state = State.STOPPED;
        }
    }

    private long stop(String reason, int waiting, long now) {
        probesInVain = state == State.PROBING ? probesInVain + 1 : 0;
        forAll = false;
        change(State.STOPPED, now);
        stopReason = reason;
        boolean longPause = probesInVain % PROBES_IN_A_ROW == 0;
        pause = longPause ? Math.min(MAX_PAUSE, Math.max(MIN_PAUSE, 2 * pause)) : pause;
        long wait = longPause ? pause : MIN_PAUSE;
        log(reason, waiting, wait, now);
        return wait;
    }

    private void log(String reason, int waiting, long wait, long now) {
        if (now - loggedAt < LOG_INTERVAL && reason.equals(logged)) {
            return;
        }
        loggedAt = now;
        logged = reason;
        log.atWarn()
                .addKeyValue("lane", lane)
                .addKeyValue("reason", reason)
                .addKeyValue("waiting", waiting)
                .addKeyValue("nextProbeIn", Durations.format(Duration.ofNanos(wait)))
                .log("Lane stopped; its requests stay where they are");
    }

    private void change(State next, long now) {
        state = next;
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
}
