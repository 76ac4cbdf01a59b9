package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.pool.LentShares;
import dev.sluice.worker.provider.LimitUnit;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.List;
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

    /** The polling interval for calls that connect. A message for each would be a thousand messages a second. */
    private static final long CONNECTING_CHECK = Duration.ofMillis(1).toNanos();

    /** A lane spending this part of its limit is LIMITED, even if a token happens to be free right now. */
    private static final double LIMITED_FROM = 0.9;

    /** A request that was deferred less often is not suspected to exceed the limit itself. */
    private static final int MIN_DEFERRALS = 3;

    /** The time without calls after which an earlier grant of the API says little. It is longer than any pause. */
    private static final long LONG_IDLE = Duration.ofMinutes(5).toNanos();

    private final TimeMeter time;
    private final LaneLimits limits;
    /** The groups that the model is in. */
    private final List<LaneGroup> groups;

    private final CircuitBreaker breaker;
    private final ConcurrencyLimit concurrency;
    private final ConnectingCalls connecting;
    private final RateLimitLog rateLimitLog;
    private final LaneQueue queue;
    private final RecentCalls calls = new RecentCalls();
    /** The calls of all lanes, which share a URL and a key. */
    private final RecentCalls callsOfAll;

    private final SharedProbes probes;
    private final CallSlots slots;
    private final QuietPeriod quiet;
    private boolean wasProbedByOldest;
    private int expressInFlight;
    private LimitShare share;
    private long resumesAt;
    private long usedAt;

    Lane(String name, ConfiguredLimit limit, TimeMeter time, LimitShare share, AllLanes all) {
        this.callsOfAll = all.calls();
        this.probes = all.probes();
        this.slots = all.slots();
        this.time = time;
        this.groups = all.groups().of(name);
        this.limits = new LaneLimits(limit, groups, share, time);
        this.queue = new LaneQueue(all.weights(), limits::costOf);
        this.connecting = new ConnectingCalls(time);
        this.resumesAt = time.currentTimeNanos();
        this.usedAt = resumesAt;
        this.quiet = new QuietPeriod(resumesAt);
        this.share = share;
        this.breaker = new CircuitBreaker(name, resumesAt);
        this.rateLimitLog = new RateLimitLog(name, resumesAt);
        this.concurrency = new ConcurrencyLimit(resumesAt);
    }

    void changeShare(LimitShare share) {
        this.share = share;
        limits.changeShare(share);
    }

    /** Changes the parts of the limits that may be spent because other workers do not. */
    void lend(LentShares.Parts parts) {
        limits.lend(parts);
    }

    void add(Request request) {
        usedAt = time.currentTimeNanos();
        queue.add(request);
    }

    /** Takes a request back whose call is about to be recorded as {@link #ended}. */
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
        expressInFlight += request.isExpress() ? 1 : 0;
        if (breaker.isHeldForAll()) {
            probes.started(now);
        }
        breaker.started();
        concurrency.started();
        slots.started(request.isExpress());
        // Others may spend the rest of the limit meanwhile, so that our silence shows nothing.
        boolean alone = quiet.nanosLeft(now) == 0 && share.fraction() >= 1;
        if (alone && wantsToBeAlone(request, now)) {
            quiet.made(now);
        }
        quiet.sent(now);
        ConnectingCalls.ConnectingCall call = connecting.add(now);
        return new InFlightCall(
                this,
                request,
                now,
                call,
                alone,
                limits.chargeRequest(call),
                limits.chargeTokens(request, call),
                limits.chargeGroups(request, call));
    }

    /**
     * Removes the request of the next call. Every second probe is the youngest request, so that a long run of requests
     * with one fault does not keep the others waiting.
     */
    private Request nextRequest() {
        if (!isStopped()) {
            return queue.remove(admission());
        }
        wasProbedByOldest = !wasProbedByOldest;
        return wasProbedByOldest ? queue.remove(admission()) : queue.removeYoungest();
    }

    /**
     * Returns the nanoseconds until {@link #poll} can return a call; {@link #NEVER} if only a message can change that.
     */
    long nanosToNext() {
        Request next = queue.peek(admission());
        if (next == null || breaker.isProbing()) {
            return NEVER;
        }
        return nanosToRate(next);
    }

    /** Returns the groups whose limit alone holds the next call back. */
    List<LaneGroup> groupsInTheWay() {
        if (groups.isEmpty()) {
            return groups;
        }
        Request next = queue.peek(admission());
        boolean isReady = next != null && !breaker.isProbing() && nanosToOwnRate(next) == 0;
        return isReady
                ? groups.stream()
                        .filter(group -> limits.nanosUntil(next, group) > 0)
                        .toList()
                : List.of();
    }

    /** Returns the groups that the model is in. */
    List<LaneGroup> groups() {
        return groups;
    }

    private LaneQueue.Admission admission() {
        boolean hasRoom = concurrency.hasRoom();
        return new LaneQueue.Admission(
                hasRoom && slots.hasRoomForExpress(expressInFlight), hasRoom && slots.hasRoom(concurrency.inFlight()));
    }

    private long nanosToRate(Request next) {
        long wait = nanosToOwnRate(next);
        for (LaneGroup group : groups) {
            wait = Math.max(wait, limits.nanosUntil(next, group));
        }
        return wait;
    }

    /** Returns the nanoseconds until everything but the limits of groups allows a request. */
    private long nanosToOwnRate(Request next) {
        long now = time.currentTimeNanos();
        long wait = Math.max(0, resumesAt - now);
        if (breaker.isHeldForAll()) {
            wait = Math.max(wait, probes.nanosToNext(now));
        }
        if (wantsToBeAlone(next, now)) {
            wait = Math.max(wait, quiet.nanosLeft(now));
        }
        if (!limits.isPaced()) {
            return wait;
        }
        if (!connecting.hasRoom(limits.requestsPerSecond(), now)) {
            wait = Math.max(wait, CONNECTING_CHECK);
        }
        return Math.max(wait, limits.nanosUntil(next));
    }

    private boolean wantsToBeAlone(Request request, long now) {
        // Few requests are deferred so often; for all others the header is not read.
        return quiet.isDue(now)
                && share.fraction() >= 1
                && request.input().deferrals() >= MIN_DEFERRALS
                && SuspicionLevel.of(request.input()).wantsToBeAlone();
    }

    /** Records the end of a call. */
    void ended(InFlightCall call, CallFeedback feedback) {
        usedAt = time.currentTimeNanos();
        slots.ended(call.request().isExpress());
        expressInFlight -= call.request().isExpress() ? 1 : 0;
        call.connecting().run();
        rateLimitLog.ended(feedback.kind() == CallFeedback.Kind.LIMITED);
        recordCall(call, feedback);
        limits.learn(call, feedback);
        updateConcurrency(call, feedback);
        switch (feedback.kind()) {
            case LIMITED -> {
                quiet.told(feedback.pause());
                pauseFor(limits.rejected(call, feedback, calls, usedAt).toNanos());
            }
            case PASSED, REJECTED -> limits.admitted();
            case REJECTED_IN_DOUBT, FAILED, UNANSWERED, BLOCKED, FOREIGN, CANCELLED -> {}
        }
        // A call from before the lane last stopped or resumed does not say whether the API serves us now.
        boolean wasStopped = isStopped();
        if (breaker.isRecent(call.startedAt())) {
            updateBreaker(call, feedback);
        }
        if (wasStopped && !isStopped()) {
            limits.resumed();
        }
        if (!isStopped()) {
            queue.release();
        }
    }

    /** Records that the answer to a call has begun to come. No other probe waits for the end of it then. */
    void begun(InFlightCall call) {
        if (breaker.isProbing() && breaker.isRecent(call.startedAt())) {
            pauseFor(breaker.begun());
        }
    }

    /** Records roughly how many tokens the answer to a call has so far. */
    void produced(InFlightCall call, long tokens) {
        limits.produced(call, tokens);
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

    private void updateBreaker(InFlightCall call, CallFeedback feedback) {
        long now = time.currentTimeNanos();
        String cause = feedback.cause();
        Request request = call.request();
        switch (feedback.kind()) {
            case PASSED, LIMITED -> {
                breaker.passed(now);
                probes.passed();
            }
            case REJECTED -> {
                pauseFor(breaker.rejected(request, cause, true, queue.size(), now));
                probes.passed();
            }
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
        queue.expireFirst(admission(), expiry);
        boolean isYoungestNext = isStopped() && wasProbedByOldest;
        if (isYoungestNext) {
            queue.expireYoungest(expiry);
        }
    }

    void expireAll(Lanes.Expiry expiry) {
        queue.expireAll(expiry);
    }

    void logRateLimits() {
        rateLimitLog.logIfDue(limits.requestsPerSecond(), time.currentTimeNanos());
    }

    void drop(Set<Assignment> gone) {
        queue.removeIf(request -> gone.contains(request.assignment()));
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    int inFlight() {
        return concurrency.inFlight();
    }

    /** Returns the amount per second that the lane could spend at present if no group bounded it. */
    double wanted(LimitUnit unit, boolean workerHasRoom) {
        boolean mayCall = workerHasRoom && !isStopped() && queue.peek(admission()) != null;
        return mayCall ? limits.wanted(unit, size()) : 0;
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
        return idleNanos() >= LONG_IDLE || (flows && !limits.hasLearned());
    }

    /** Returns the nanoseconds since a request was added or a call ended. */
    long idleNanos() {
        return time.currentTimeNanos() - usedAt;
    }

    /** @param workerHasRoom true if the worker may have more calls in flight, of any lane */
    LaneState state(String model, boolean workerHasRoom) {
        boolean mayCall = workerHasRoom && !isStopped() && queue.peek(admission()) != null;
        int wanted = mayCall ? size() : 0;
        LaneState.Spending ofRequests = limits.ofRequests(wanted);
        return new LaneState(
                model,
                breaker.flow().orElseGet(() -> flow(ofRequests, workerHasRoom)),
                breaker.stopReason().orElse(""),
                size(),
                concurrency.inFlight(),
                ofRequests,
                limits.ofTokens(wanted));
    }

    private LaneState.Flow flow(LaneState.Spending spent, boolean workerHasRoom) {
        Request next = queue.peek(LaneQueue.Admission.FOR_ALL);
        if (next == null) {
            return LaneState.Flow.FLOWING;
        }
        // LIMITED comes before FULL: with more room, a lane at its limit would send no more.
        boolean atLimit = spent.perSecond() >= LIMITED_FROM * spent.limit().orElse(Double.POSITIVE_INFINITY);
        if (atLimit || nanosToRate(next) > 0) {
            return LaneState.Flow.LIMITED;
        }
        return workerHasRoom && queue.peek(admission()) != null ? LaneState.Flow.FLOWING : LaneState.Flow.FULL;
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
        public Optional<OtherCalls> others(FailureKind kind) {
            Optional<OtherCalls> here = others(calls, kind, true);
            return here.isPresent() ? here : others(callsOfAll, kind, false);
        }

        private Optional<OtherCalls> others(RecentCalls recent, FailureKind kind, boolean areOfThisLane) {
            OptionalDouble share = recent.shareOfOthers(call.request().input().id(), kind, now);
            return share.isPresent()
                    ? Optional.of(new OtherCalls(share.getAsDouble(), areOfThisLane))
                    : Optional.empty();
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
