package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.LimitUnit;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one model, the budgets they are sent from, and the breaker that can stop them. It does arithmetic
 * only and never waits. Owned by the pace thread, except for {@link #failureBlame} and {@link #stopReason}.
 */
final class Lane {
    static final long NEVER = Long.MAX_VALUE;

    /** The longest pause of a lane after one answer. The rejected request itself waits as long as the answer says. */
    private static final Duration MAX_PAUSE = Duration.ofSeconds(60);

    /** A rejection that we provoked to find the limit pauses nothing if the API asks for no more than this. */
    private static final Duration SHORT_PAUSE = Duration.ofSeconds(1);

    /** The polling interval for calls that connect. A message for each would be a thousand messages a second. */
    private static final long CONNECTING_CHECK = Duration.ofMillis(1).toNanos();

    /** A lane spending this part of its limit is LIMITED, even if a token happens to be free right now. */
    private static final double LIMITED_FROM = 0.9;

    /** The time without calls after which an earlier grant of the API says little. It is longer than any pause. */
    private static final long LONG_IDLE = Duration.ofMinutes(5).toNanos();

    private final boolean paced;
    private final TimeMeter time;
    private final LaneBudget requests;
    private final LaneBudget tokens;
    private final TokenEstimate estimate = new TokenEstimate();
    private final CircuitBreaker breaker;
    private final ConcurrencyLimit concurrency;
    private final ConnectingCalls connecting;
    private final RateLimitLog rateLimitLog;
    private final LaneQueue queue = new LaneQueue();
    private long resumesAt;
    private long usedAt;
    /** True once an answer has shown what calls cost or how many are granted. */
    private boolean hasLearned;

    Lane(String name, ConfiguredLimit limit, TimeMeter time, LimitShare share) {
        this.paced = !limit.isNone();
        this.time = time;
        this.requests = new LaneBudget(LimitUnit.REQUESTS, limit.perSecond(LimitUnit.REQUESTS), share.fraction(), time);
        this.tokens = new LaneBudget(LimitUnit.TOKENS, limit.perSecond(LimitUnit.TOKENS), share.fraction(), time);
        this.connecting = new ConnectingCalls(time);
        this.resumesAt = time.currentTimeNanos();
        this.usedAt = resumesAt;
        this.breaker = new CircuitBreaker(name, resumesAt);
        this.rateLimitLog = new RateLimitLog(name, resumesAt);
        this.concurrency = new ConcurrencyLimit(resumesAt);
    }

    void changeShare(LimitShare share) {
        requests.changeShare(share.fraction());
        tokens.changeShare(share.fraction());
    }

    void add(Request request) {
        usedAt = time.currentTimeNanos();
        queue.add(request);
    }

    void putBack(Request request) {
        queue.addLast(request);
    }

    /** Returns the next call that may start now. */
    @Nullable
    InFlightCall poll() {
        if (nanosToNext() > 0) {
            return null;
        }
        Request request = queue.remove();
        breaker.started(request, queue.size());
        concurrency.started();
        long cost = paced ? estimate.of(request) : 0;
        long now = time.currentTimeNanos();
        ConnectingCalls.ConnectingCall call = connecting.add(now);
        return new InFlightCall(this, request, now, call, requests.charge(1, call), tokens.charge(cost, call));
    }

    /**
     * Returns the nanoseconds until {@link #poll} can return a call; {@link #NEVER} if only a message can change that.
     */
    long nanosToNext() {
        Request next = queue.peek();
        if (next == null || breaker.isProbing() || !concurrency.hasRoom()) {
            return NEVER;
        }
        return nanosToRate(next);
    }

    private long nanosToRate(Request next) {
        long now = time.currentTimeNanos();
        long wait = Math.max(0, resumesAt - now);
        if (!paced) {
            return wait;
        }
        if (!connecting.hasRoom(requests.perSecond(), now)) {
            wait = Math.max(wait, CONNECTING_CHECK);
        }
        return Math.max(wait, Math.max(requests.nanosUntil(1), tokens.nanosUntil(estimate.of(next))));
    }

    /**
     * Records the end of a call.
     *
     * @return a request that waits here and has turned out to be at fault for its failure; it has left the lane
     */
    Optional<Request> ended(InFlightCall call, CallFeedback feedback) {
        usedAt = time.currentTimeNanos();
        call.connecting().run();
        rateLimitLog.ended(feedback.kind() == CallFeedback.Kind.LIMITED);
        recordUsage(call, feedback);
        updateConcurrency(call, feedback);
        if (feedback.kind() == CallFeedback.Kind.LIMITED) {
            rejectedByLimit(call, feedback);
        }
        // A call from before the lane last stopped or resumed does not say whether the API serves us now.
        return breaker.isRecent(call.startedAt()) ? updateBreaker(call, feedback) : Optional.empty();
    }

    private void recordUsage(InFlightCall call, CallFeedback feedback) {
        feedback.advertised().requests().ifPresent(limit -> requests.advertise(limit, call.startedAt()));
        feedback.advertised().tokens().ifPresent(limit -> tokens.advertise(limit, call.startedAt()));
        hasLearned |= feedback.usage().isPresent() || feedback.kind() == CallFeedback.Kind.LIMITED;
        feedback.usage().ifPresent(usage -> {
            estimate.learn(call.request(), usage);
            tokens.correct(call.tokens(), usage.total());
        });
    }

    private void updateConcurrency(InFlightCall call, CallFeedback feedback) {
        switch (feedback.kind()) {
            case PASSED -> concurrency.passed();
            case UNAVAILABLE -> concurrency.failed(call.startedAt(), time.currentTimeNanos());
            case LIMITED, BLOCKED, BLOCKED_BY_EDGE, CANCELLED -> concurrency.ended();
        }
    }

    private void rejectedByLimit(InFlightCall call, CallFeedback feedback) {
        boolean byRequests = requests.rejected(call.requests(), feedback.exceeded(), feedback.pause());
        boolean byTokens = tokens.rejected(call.tokens(), feedback.exceeded(), feedback.pause());
        boolean provoked = byRequests || byTokens;
        if (!(paced && provoked) || feedback.pause().compareTo(SHORT_PAUSE) > 0) {
            Duration pause = feedback.pause().compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : feedback.pause();
            pauseFor(pause.toNanos());
        }
    }

    private Optional<Request> updateBreaker(InFlightCall call, CallFeedback feedback) {
        long now = time.currentTimeNanos();
        String cause = feedback.cause();
        switch (feedback.kind()) {
            case PASSED, LIMITED -> {
                return breaker.passed(now).filter(queue::remove);
            }
            case UNAVAILABLE -> pauseFor(breaker.failed(cause, queue.size(), now));
            case BLOCKED -> pauseFor(breaker.blocked(cause, queue.size(), now));
            case BLOCKED_BY_EDGE -> pauseFor(breaker.blockedByEdge(call.request(), cause, queue.size(), now));
            case CANCELLED -> breaker.cancelled();
        }
        return Optional.empty();
    }

    private void pauseFor(long nanos) {
        long until = time.currentTimeNanos() + nanos;
        if (until - resumesAt > 0) {
            resumesAt = until;
        }
    }

    void expireFirst(Lanes.Expiry expiry) {
        queue.expireFirst(expiry);
    }

    void expireAll(Lanes.Expiry expiry) {
        queue.expireAll(expiry);
    }

    void logRateLimits() {
        rateLimitLog.logIfDue(requests.perSecond(), time.currentTimeNanos());
    }

    void drop(Set<Assignment> gone) {
        queue.removeIf(request -> gone.contains(request.assignment()));
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int size() {
        return queue.size();
    }

    /**
     * Returns true if nothing is lost when the lane is closed. Nothing waits or is in flight then, and the lane has
     * been idle for minutes. A lane that flows and has learned nothing may be closed at once. It may belong to a
     * mistyped name, for which the API has only 404.
     */
    boolean isSpare() {
        if (!isEmpty() || concurrency.inFlight() > 0) {
            return false;
        }
        boolean flows = breaker.flow().isEmpty() && time.currentTimeNanos() - resumesAt >= 0;
        return idleNanos() >= LONG_IDLE || (flows && !hasLearned);
    }

    /** Returns the nanoseconds since a request was added or a call ended. */
    long idleNanos() {
        return time.currentTimeNanos() - usedAt;
    }

    /** @param workerHasRoom true if the worker may have more calls in flight, of any lane */
    LaneState state(String model, boolean workerHasRoom) {
        LaneState.Spending ofRequests = requests.spending(paced);
        return new LaneState(
                model,
                breaker.flow().orElseGet(() -> flow(ofRequests, workerHasRoom)),
                breaker.stopReason().orElse(""),
                size(),
                concurrency.inFlight(),
                ofRequests,
                tokens.spending(paced));
    }

    private LaneState.Flow flow(LaneState.Spending spent, boolean workerHasRoom) {
        Request next = queue.peek();
        if (next == null) {
            return LaneState.Flow.FLOWING;
        }
        // LIMITED comes before FULL: with more room, a lane at its limit would send no more.
        boolean atLimit = spent.perSecond() >= LIMITED_FROM * spent.limit().orElse(Double.POSITIVE_INFINITY);
        if (atLimit || nanosToRate(next) > 0) {
            return LaneState.Flow.LIMITED;
        }
        return workerHasRoom && concurrency.hasRoom() ? LaneState.Flow.FLOWING : LaneState.Flow.FULL;
    }

    /** Returns why the lane is stopped, or nothing if it flows. Thread-safe. */
    Optional<String> stopReason() {
        return breaker.stopReason();
    }

    /** Returns who is to blame if the call of this request fails. Thread-safe. */
    FailureBlame failureBlame(Request request) {
        return breaker.failureBlame(request);
    }
}
