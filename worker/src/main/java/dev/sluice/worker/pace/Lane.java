package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.provider.LimitUnit;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The requests of one model, what may be spent on them, and whether they flow. Arithmetic only: it never waits and is
 * owned by the pace thread, but for {@link #failureBlame}.
 */
final class Lane {
    static final long NEVER = Long.MAX_VALUE;

    /** The longest that one answer's hint closes a lane; its own request waits for as long as it says. */
    private static final Duration LONGEST_LIMIT = Duration.ofSeconds(60);

    /** A refusal that we provoked to find out where the limit is, and that is over so soon, closes nothing. */
    private static final Duration SOON = Duration.ofSeconds(1);

    /** That calls have left is no message: at a thousand a second it would be one for each. */
    private static final long LOOK_AGAIN = Duration.ofMillis(1).toNanos();

    /** Of the limit: between two slots a lane that is at it may have room for a moment. */
    private static final double NEARLY = 0.9;

    /** After so long without calls, what the API granted once says little. Longer than any pause. */
    private static final long LONG_IDLE = Duration.ofMinutes(5).toNanos();

    private final boolean paced;
    private final TimeMeter time;
    private final LaneBudget requests;
    private final LaneBudget tokens;
    private final TokenEstimate estimate = new TokenEstimate();
    private final CircuitBreaker breaker;
    private final ConcurrencyLimit concurrency;
    private final ConnectingCalls departures;
    private final RateLimitLog refusals;
    private final Deque<Request> retries = new ArrayDeque<>();
    private final Deque<Request> arrivals = new ArrayDeque<>();
    private long resumesAt;
    private long usedAt;
    /** Whether an answer has shown what calls cost or how many are granted. */
    private boolean hasLearned;

    Lane(String name, ConfiguredLimit limit, TimeMeter time, LimitShare share) {
        this.paced = !limit.isNone();
        this.time = time;
        this.requests = new LaneBudget(LimitUnit.REQUESTS, limit.perSecond(LimitUnit.REQUESTS), share.fraction(), time);
        this.tokens = new LaneBudget(LimitUnit.TOKENS, limit.perSecond(LimitUnit.TOKENS), share.fraction(), time);
        this.departures = new ConnectingCalls(time);
        this.resumesAt = time.currentTimeNanos();
        this.usedAt = resumesAt;
        this.breaker = new CircuitBreaker(name, resumesAt);
        this.refusals = new RateLimitLog(name, resumesAt);
        this.concurrency = new ConcurrencyLimit(resumesAt);
    }

    /** Paces by this share of the limit from now on. */
    void spend(LimitShare share) {
        requests.share(share.fraction());
        tokens.share(share.fraction());
    }

    void add(Request request) {
        usedAt = time.currentTimeNanos();
        (request.isRetry() ? retries : arrivals).addLast(request);
    }

    /** Back behind all others, whatever it was before: the next probe must be another request. */
    void putBack(Request request) {
        arrivals.addLast(request);
    }

    /** The next call that may be sent now. */
    @Nullable
    InFlightCall poll() {
        if (nanosToNext() > 0) {
            return null;
        }
        Deque<Request> queue = retries.isEmpty() ? arrivals : retries;
        Request request = queue.removeFirst();
        breaker.sent(request, size());
        concurrency.began();
        long cost = paced ? estimate.of(request) : 0;
        long now = time.currentTimeNanos();
        ConnectingCalls.Departure departure = departures.add(now);
        return new InFlightCall(
                this, request, now, departure, requests.spend(1, departure), tokens.spend(cost, departure));
    }

    /** Nanoseconds until {@link #poll} can give something; {@link #NEVER} while only a message can change that. */
    long nanosToNext() {
        Request next = first();
        if (next == null || breaker.isProbing() || !concurrency.hasRoom()) {
            return NEVER;
        }
        return nanosToRate(next);
    }

    /** Nanoseconds until the rate allows it. */
    private long nanosToRate(Request next) {
        long now = time.currentTimeNanos();
        long wait = Math.max(0, resumesAt - now);
        if (!paced) {
            return wait;
        }
        if (!departures.hasRoom(requests.perSecond(), now)) {
            wait = Math.max(wait, LOOK_AGAIN);
        }
        return Math.max(wait, Math.max(requests.nanosTo(1), tokens.nanosTo(estimate.of(next))));
    }

    /**
     * A call has ended. One that was sent before the lane last stopped or began to flow again says nothing about
     * whether the API serves us now.
     *
     * @return a request that waits here and has turned out to be at fault for its failure; it has left the lane
     */
    Optional<Request> ended(InFlightCall sent, CallFeedback feedback) {
        usedAt = time.currentTimeNanos();
        sent.departure().run();
        refusals.ended(feedback.kind() == CallFeedback.Kind.LIMITED);
        settle(sent, feedback);
        if (!breaker.isRecent(sent.at())) {
            return Optional.empty();
        }
        long now = time.currentTimeNanos();
        switch (feedback.kind()) {
            case PASSED, LIMITED -> {
                return breaker.passed(now).filter(this::remove);
            }
            case UNAVAILABLE -> rest(breaker.failed(feedback.cause(), size(), now));
            case BLOCKED -> rest(breaker.blocked(feedback.cause(), size(), now));
            case BLOCKED_BY_EDGE -> rest(breaker.blockedByEdge(sent.request(), feedback.cause(), size(), now));
            case CANCELLED -> breaker.cancelled();
        }
        return Optional.empty();
    }

    /** What the call has cost and what that says about the limit. */
    private void settle(InFlightCall sent, CallFeedback feedback) {
        feedback.quota().requests().ifPresent(told -> requests.told(told, sent.at()));
        feedback.quota().tokens().ifPresent(told -> tokens.told(told, sent.at()));
        hasLearned |= feedback.usage().isPresent() || feedback.kind() == CallFeedback.Kind.LIMITED;
        feedback.usage().ifPresent(usage -> {
            estimate.learn(sent.request(), usage);
            tokens.correct(sent.tokens(), usage.total());
        });
        switch (feedback.kind()) {
            case PASSED -> concurrency.passed();
            case UNAVAILABLE -> concurrency.failed(sent.at(), time.currentTimeNanos());
            case LIMITED -> {
                concurrency.ended();
                refused(sent, feedback);
            }
            case BLOCKED, BLOCKED_BY_EDGE, CANCELLED -> concurrency.ended();
        }
    }

    private void refused(InFlightCall sent, CallFeedback feedback) {
        boolean byRequests = requests.refused(sent.requests(), feedback.over(), feedback.pause());
        boolean byTokens = tokens.refused(sent.tokens(), feedback.over(), feedback.pause());
        boolean provoked = byRequests || byTokens;
        if (!(paced && provoked) || feedback.pause().compareTo(SOON) > 0) {
            Duration pause = feedback.pause().compareTo(LONGEST_LIMIT) > 0 ? LONGEST_LIMIT : feedback.pause();
            rest(pause.toNanos());
        }
    }

    private void rest(long nanos) {
        long until = time.currentTimeNanos() + nanos;
        if (until - resumesAt > 0) {
            resumesAt = until;
        }
    }

    /** Lets go of the requests at the head whose time is over, before a token is taken for them. */
    void expireFirst(Lanes.Expiry expiry) {
        for (Deque<Request> queue : List.of(retries, arrivals)) {
            while (!queue.isEmpty() && expiry.isOver().test(queue.peekFirst())) {
                expiry.to().accept(queue.removeFirst());
            }
        }
    }

    void expireAll(Lanes.Expiry expiry) {
        removeIf(request -> {
            boolean over = expiry.isOver().test(request);
            if (over) {
                expiry.to().accept(request);
            }
            return over;
        });
    }

    /** Says what there is to say of the last minute. */
    void tell() {
        refusals.tell(requests.perSecond(), time.currentTimeNanos());
    }

    void drop(Set<Assignment> gone) {
        removeIf(request -> gone.contains(request.assignment()));
    }

    private void removeIf(Predicate<Request> unwanted) {
        retries.removeIf(unwanted);
        arrivals.removeIf(unwanted);
    }

    private boolean remove(Request request) {
        return retries.remove(request) || arrivals.remove(request);
    }

    boolean isEmpty() {
        return retries.isEmpty() && arrivals.isEmpty();
    }

    int size() {
        return retries.size() + arrivals.size();
    }

    /**
     * Whether nothing is lost if it is given up: nothing waits or is under way, and either it has been idle for
     * minutes, or it flows and has learned nothing, as that of a mistyped name, for which the API has only 404.
     */
    boolean isSpare() {
        if (!isEmpty() || concurrency.underWay() > 0) {
            return false;
        }
        boolean flows = breaker.flow().isEmpty() && time.currentTimeNanos() - resumesAt >= 0;
        return idleNanos() >= LONG_IDLE || (flows && !hasLearned);
    }

    /** Since a request came or a call ended. */
    long idleNanos() {
        return time.currentTimeNanos() - usedAt;
    }

    /** @param roomInWorker whether the worker may have more calls under way, of whichever lane */
    LaneState state(String model, boolean roomInWorker) {
        LaneState.Spending ofRequests = requests.spending(paced);
        return new LaneState(
                model,
                breaker.flow().orElseGet(() -> flow(ofRequests, roomInWorker)),
                breaker.heldBy().orElse(""),
                size(),
                concurrency.underWay(),
                ofRequests,
                tokens.spending(paced));
    }

    /** What keeps it back first is said: with more room a lane at its limit would send no more. */
    private LaneState.Flow flow(LaneState.Spending spent, boolean roomInWorker) {
        Request next = first();
        if (next == null) {
            return LaneState.Flow.FLOWING;
        }
        boolean atLimit = spent.perSecond() >= NEARLY * spent.limit().orElse(Double.POSITIVE_INFINITY);
        if (atLimit || nanosToRate(next) > 0) {
            return LaneState.Flow.LIMITED;
        }
        return roomInWorker && concurrency.hasRoom() ? LaneState.Flow.FLOWING : LaneState.Flow.FULL;
    }

    private @Nullable Request first() {
        return retries.isEmpty() ? arrivals.peekFirst() : retries.peekFirst();
    }

    /** Why it does not flow; empty while it does. Any thread. */
    Optional<String> heldBy() {
        return breaker.heldBy();
    }

    /** How this request, which is called or was, stands in the lane. Any thread. */
    FailureBlame failureBlame(Request request) {
        return breaker.failureBlame(request);
    }
}
