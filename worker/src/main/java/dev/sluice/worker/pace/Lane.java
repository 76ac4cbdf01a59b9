package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.Suspicion;
import dev.sluice.worker.provider.LimitUnit;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one model, the budgets they are sent from, and the breaker that can stop them. It does arithmetic
 * only and never waits. Owned by the pace thread, except for {@link #evidence} and {@link #stopReason}.
 */
final class Lane {
    static final long NEVER = Long.MAX_VALUE;

    /**
     * The longest pause of a lane after one answer. The rejected request itself waits as long as the answer says. The
     * lane tries again sooner with another request: the next ones in it may be those that ask for more than they ever
     * get.
     */
    private static final Duration MAX_PAUSE = Duration.ofSeconds(5);

    /** A rejection that we provoked to find the limit pauses nothing if the API asks for no more than this. */
    private static final Duration SHORT_PAUSE = Duration.ofSeconds(1);

    /** The polling interval for calls that connect. A message for each would be a thousand messages a second. */
    private static final long CONNECTING_CHECK = Duration.ofMillis(1).toNanos();

    /** A lane spending this part of its limit is LIMITED, even if a token happens to be free right now. */
    private static final double LIMITED_FROM = 0.9;

    /** A request that was deferred less often is not suspected to exceed the limit itself. */
    private static final int MIN_DEFERRALS = 3;

    /** The time without calls after which an earlier grant of the API says little. It is longer than any pause. */
    private static final long LONG_IDLE = Duration.ofMinutes(5).toNanos();

    /**
     * The silence before a call that is to show whether the API ever admits its request. It covers the API's second.
     */
    private static final long MIN_SILENCE = Duration.ofMillis(1_100).toNanos();

    /** The longest such silence. It covers the API's minute, if answers say that there is one. */
    private static final long MAX_SILENCE = Duration.ofSeconds(61).toNanos();

    /** The least time between two such silences is this many times one of them. */
    private static final int SILENCE_INTERVAL = 30;

    /** The share of others' 429s up to which a deferred request that is rejected again says nothing of the lane. */
    private static final double RARELY_LIMITED = 0.2;

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
    private final RecentCalls calls = new RecentCalls();
    /** The calls of all lanes, which share a URL and a key. */
    private final RecentCalls callsOfAll;

    private final SharedProbes probes;
    /** The last request that was rejected for the rate limit since the lane passed one; empty if there is none. */
    private String lastLimited = "";

    private boolean probesYoungest;
    /** The longest time that an answer has told a request to wait, up to a bound. */
    private long longestHint;

    private long sentAt;
    private long silentAt;
    private LimitShare share;
    private long resumesAt;
    private long usedAt;
    /** True once an answer has shown what calls cost or how many are granted. */
    private boolean hasLearned;

    Lane(String name, ConfiguredLimit limit, TimeMeter time, LimitShare share, AllLanes all) {
        this.callsOfAll = all.calls();
        this.probes = all.probes();
        this.paced = !limit.isNone();
        this.time = time;
        this.requests = new LaneBudget(LimitUnit.REQUESTS, limit.perSecond(LimitUnit.REQUESTS), share.fraction(), time);
        this.tokens = new LaneBudget(LimitUnit.TOKENS, limit.perSecond(LimitUnit.TOKENS), share.fraction(), time);
        this.connecting = new ConnectingCalls(time);
        this.resumesAt = time.currentTimeNanos();
        this.usedAt = resumesAt;
        this.sentAt = resumesAt - MIN_SILENCE;
        this.silentAt = resumesAt - SILENCE_INTERVAL * MIN_SILENCE;
        this.share = share;
        this.breaker = new CircuitBreaker(name, resumesAt);
        this.rateLimitLog = new RateLimitLog(name, resumesAt);
        this.concurrency = new ConcurrencyLimit(resumesAt);
    }

    void changeShare(LimitShare share) {
        this.share = share;
        requests.changeShare(share.fraction());
        tokens.changeShare(share.fraction());
    }

    void add(Request request) {
        usedAt = time.currentTimeNanos();
        queue.add(request);
    }

    void putBack(Request request) {
        queue.putBack(request);
    }

    /** Returns the next call that may start now. */
    @Nullable
    InFlightCall poll() {
        if (nanosToNext() > 0) {
            return null;
        }
        Request request = nextRequest();
        long now = time.currentTimeNanos();
        if (breaker.isHeldForAll()) {
            probes.started(now);
        }
        breaker.started();
        concurrency.started();
        long cost = paced ? estimate.of(request) : 0;
        // Others may spend the rest of the limit meanwhile, so that our silence shows nothing.
        boolean alone = now - sentAt >= silence() && share.fraction() >= 1;
        if (alone && wantsToBeAlone(request, now)) {
            silentAt = now;
        }
        sentAt = now;
        ConnectingCalls.ConnectingCall call = connecting.add(now);
        return new InFlightCall(this, request, now, call, alone, requests.charge(1, call), tokens.charge(cost, call));
    }

    /**
     * Removes the request of the next call. Every second probe is the youngest request, so that a long run of requests
     * with one fault does not keep the others waiting.
     */
    private Request nextRequest() {
        if (!isStopped()) {
            queue.release();
            return queue.remove();
        }
        probesYoungest = !probesYoungest;
        return probesYoungest ? queue.remove() : queue.removeYoungest();
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
        if (breaker.isHeldForAll()) {
            wait = Math.max(wait, probes.nanosToNext(now));
        }
        if (wantsToBeAlone(next, now)) {
            wait = Math.max(wait, sentAt + silence() - now);
        }
        if (!paced) {
            return wait;
        }
        if (!connecting.hasRoom(requests.perSecond(), now)) {
            wait = Math.max(wait, CONNECTING_CHECK);
        }
        return Math.max(wait, Math.max(requests.nanosUntil(1), tokens.nanosUntil(estimate.of(next))));
    }

    private long silence() {
        return Math.max(MIN_SILENCE, longestHint);
    }

    private boolean wantsToBeAlone(Request request, long now) {
        // Few requests are deferred so often; for all others the header is not read.
        return now - silentAt >= SILENCE_INTERVAL * silence()
                && share.fraction() >= 1
                && request.input().deferrals() >= MIN_DEFERRALS
                && Suspicion.of(request.input()).wantsToBeAlone();
    }

    /** Records the end of a call. */
    void ended(InFlightCall call, CallFeedback feedback) {
        usedAt = time.currentTimeNanos();
        call.connecting().run();
        rateLimitLog.ended(feedback.kind() == CallFeedback.Kind.LIMITED);
        recordCall(call, feedback);
        recordUsage(call, feedback);
        updateConcurrency(call, feedback);
        switch (feedback.kind()) {
            case LIMITED -> {
                tokens.changeFloor(estimate.ordinary());
                longestHint = Math.max(
                        longestHint, Math.min(MAX_SILENCE, feedback.pause().toNanos() * 5 / 4));
                rejectedByLimit(call, feedback);
            }
            case PASSED, REJECTED -> lastLimited = "";
            case REJECTED_IN_DOUBT, FAILED, UNANSWERED, BLOCKED, FOREIGN, CANCELLED -> {}
        }
        // A call from before the lane last stopped or resumed does not say whether the API serves us now.
        if (breaker.isRecent(call.startedAt())) {
            updateBreaker(call, feedback);
        }
    }

    private void recordCall(InFlightCall call, CallFeedback feedback) {
        switch (feedback.kind()) {
            case PASSED, REJECTED -> recordCall(call, (FailureKind) null);
            case LIMITED -> recordCall(call, FailureKind.LIMITED);
            case FAILED -> recordCall(call, FailureKind.SERVER);
            case UNANSWERED -> recordCall(call, FailureKind.NO_ANSWER);
            case FOREIGN -> recordCall(call, FailureKind.FOREIGN);
            case REJECTED_IN_DOUBT, BLOCKED, CANCELLED -> {}
        }
    }

    private void recordCall(InFlightCall call, @Nullable FailureKind kind) {
        String id = call.request().input().id();
        boolean isFirst = call.request().input().deferrals() == 0;
        calls.add(id, kind, isFirst, usedAt);
        callsOfAll.add(id, kind, isFirst, usedAt);
    }

    private void recordUsage(InFlightCall call, CallFeedback feedback) {
        feedback.advertised().requests().ifPresent(limit -> requests.advertise(limit, call.startedAt()));
        feedback.advertised().tokens().ifPresent(limit -> tokens.advertise(limit, call.startedAt()));
        hasLearned |= feedback.usage().isPresent() || feedback.kind() == CallFeedback.Kind.LIMITED;
        feedback.usage().ifPresent(usage -> {
            estimate.learn(call.request(), usage);
            tokens.correct(call.tokens(), usage.total());
        });
        if (feedback.usage().isEmpty() && feedback.isFree() && feedback.kind() != CallFeedback.Kind.LIMITED) {
            tokens.correct(call.tokens(), 0);
        }
    }

    private void updateConcurrency(InFlightCall call, CallFeedback feedback) {
        switch (feedback.kind()) {
            case PASSED, REJECTED -> concurrency.passed();
            case FAILED, UNANSWERED -> {
                long now = time.currentTimeNanos();
                if (breaker.isReasonForFewerCalls(calls, now)) {
                    concurrency.failed(call.startedAt(), now);
                } else {
                    concurrency.ended();
                }
            }
            case REJECTED_IN_DOUBT, LIMITED, BLOCKED, FOREIGN, CANCELLED -> concurrency.ended();
        }
    }

    private void rejectedByLimit(InFlightCall call, CallFeedback feedback) {
        InputRecord record = call.request().input();
        boolean isFirst = record.deferrals() == 0;
        boolean isShort = feedback.pause().compareTo(SHORT_PAUSE) <= 0;
        boolean isNewLimit = feedback.exceeded() == LimitUnit.TOKENS && Double.isInfinite(tokens.perSecond());
        boolean isConfirmed = isFirst && !lastLimited.isEmpty() && !lastLimited.equals(record.id());
        if (isFirst) {
            lastLimited = record.id();
        }
        // A long wait, or a limit that never showed before, needs a second request that is told so for the first time.
        // A request that is told so again and again may ask for more than it ever gets.
        if (isConfirmed || (isShort && !isNewLimit && (isFirst || othersAreLimited(record)))) {
            lowerLimit(call, feedback, isShort);
        } else {
            requests.rejectedAlone(call.requests());
            tokens.rejectedAlone(call.tokens());
        }
    }

    private boolean othersAreLimited(InputRecord record) {
        return calls.shareOfOthersLimited(record.id(), usedAt).orElse(1) > RARELY_LIMITED;
    }

    private void lowerLimit(InFlightCall call, CallFeedback feedback, boolean isShort) {
        boolean ofRequests = requests.rejected(call.requests(), feedback.exceeded(), feedback.pause());
        boolean ofTokens = tokens.rejected(call.tokens(), feedback.exceeded(), feedback.pause());
        boolean isExcused = ofRequests || ofTokens;
        if (!(paced && isExcused) || !isShort) {
            Duration pause = feedback.pause().compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : feedback.pause();
            pauseFor(pause.toNanos());
        }
    }

    private void updateBreaker(InFlightCall call, CallFeedback feedback) {
        long now = time.currentTimeNanos();
        String cause = feedback.cause();
        Request request = call.request();
        switch (feedback.kind()) {
            case PASSED, LIMITED -> {
                breaker.passed(now);
                probes.passed();
            }
            case REJECTED -> pauseFor(breaker.rejected(request, cause, true, queue.size(), now));
            case REJECTED_IN_DOUBT -> pauseFor(breaker.rejected(request, cause, false, queue.size(), now));
            case FAILED, UNANSWERED -> pauseFor(breaker.failed(cause, calls, queue.size(), now));
            case BLOCKED -> {
                pauseFor(breaker.blocked(cause, queue.size(), now));
                probes.held(this, now);
            }
            case FOREIGN -> pauseFor(breaker.foreign(request, cause, callsOfAll.hasPassed(now), queue.size(), now));
            case CANCELLED -> breaker.ignored();
        }
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
        if (isBusy()) {
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

    /** Returns true if requests wait or are called. */
    boolean isBusy() {
        return !isEmpty() || concurrency.inFlight() > 0;
    }

    boolean isStopped() {
        return breaker.flow().isPresent();
    }

    /** Returns true if the lane is stopped and has had requests within the last minutes. */
    boolean isHeldOfLate() {
        return isStopped() && (isBusy() || idleNanos() < LONG_IDLE);
    }

    /** Returns why the lane is stopped, or nothing if it flows. Thread-safe. */
    Optional<String> stopReason() {
        return breaker.stopReason();
    }

    /** Returns what this lane and the others know at the moment when a call has failed. Thread-safe. */
    LaneEvidence evidence(InFlightCall call) {
        return new EvidenceNow(call, time.currentTimeNanos());
    }

    private final class EvidenceNow implements LaneEvidence {
        private final InFlightCall call;
        private final long now;

        EvidenceNow(InFlightCall call, long now) {
            this.call = call;
            this.now = now;
        }

        @Override
        public boolean isStopped() {
            return breaker.stopReason().isPresent();
        }

        @Override
        public OptionalDouble shareOfOthers(FailureKind kind) {
            String id = call.request().input().id();
            OptionalDouble here = calls.shareOfOthers(id, kind, now);
            return here.isPresent() ? here : callsOfAll.shareOfOthers(id, kind, now);
        }

        @Override
        public boolean isOfThisLane(FailureKind kind) {
            return calls.shareOfOthers(call.request().input().id(), kind, now).isPresent();
        }

        @Override
        public boolean apiWorks() {
            return callsOfAll.hasPassed(now);
        }

        @Override
        public boolean wasSentAlone() {
            return call.alone();
        }
    }
}
