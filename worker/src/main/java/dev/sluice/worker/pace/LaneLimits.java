package dev.sluice.worker.pace;

import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pool.LentShares;
import dev.sluice.worker.provider.LimitUnit;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.List;

/**
 * The rate limits of a lane in requests and in tokens, and what its answers tell of them. Arithmetic only; owned by the
 * pace thread.
 */
final class LaneLimits {
    /**
     * The longest pause of a lane after one answer. The rejected request itself waits as long as the answer says. The
     * lane tries again sooner with another request: the next ones in it may be those that ask for more than they ever
     * get.
     */
    private static final Duration MAX_PAUSE = Duration.ofSeconds(5);

    /** A rejection that we provoked to find the limit pauses nothing if the API asks for no more than this. */
    private static final Duration SHORT_PAUSE = Duration.ofSeconds(1);

    /** The share of others' 429s up to which a deferred request that is rejected again says nothing of the lane. */
    private static final double RARELY_LIMITED = 0.2;

    private final boolean paced;
    private final LaneBudget requests;
    private final LaneBudget tokens;
    /** The budgets that the lane shares with others. */
    private final List<LaneBudget> shared;

    private final TokenEstimate estimate = new TokenEstimate();
    /** The last request that was rejected for the rate limit since the lane passed one; empty if there is none. */
    private String lastLimited = "";
    /** True once an answer has shown what calls cost or how many are granted. */
    private boolean hasLearned;

    /** @param groups the groups that the model is in */
    LaneLimits(ConfiguredLimit limit, List<LaneGroup> groups, LimitShare share, TimeMeter time) {
        this.paced = !limit.isNone();
        this.shared = groups.stream().flatMap(group -> group.budgets().stream()).toList();
        this.requests = budget(LimitUnit.REQUESTS, limit, share, time);
        this.tokens = budget(LimitUnit.TOKENS, limit, share, time);
    }

    /** Returns the lane's own budget. Where a group has a limit, the lane looks for none of its own. */
    private LaneBudget budget(LimitUnit unit, ConfiguredLimit limit, LimitShare share, TimeMeter time) {
        return shared.stream().anyMatch(budget -> budget.unit() == unit)
                ? LaneBudget.ofGroup(unit, limit.perSecond(unit), share.fraction(), time)
                : new LaneBudget(unit, limit.perSecond(unit), share.fraction(), time);
    }

    /** Returns true if the lane obeys limits of its own. */
    boolean isPaced() {
        return paced;
    }

    void changeShare(LimitShare share) {
        requests.changeShare(share.fraction());
        tokens.changeShare(share.fraction());
    }

    /** Changes the parts of the limits that may be spent because other workers do not. */
    void lend(LentShares.Parts parts) {
        requests.lend(parts.requests());
        tokens.lend(parts.tokens());
    }

    double requestsPerSecond() {
        return perSecond(LimitUnit.REQUESTS);
    }

    /** Returns the amount per second that the lane may spend at most, by its own limit and by those of groups. */
    private double perSecond(LimitUnit unit) {
        return shared.stream()
                .filter(budget -> budget.unit() == unit)
                .mapToDouble(LaneBudget::perSecond)
                .reduce(own(unit).perSecond(), Math::min);
    }

    private LaneBudget own(LimitUnit unit) {
        return unit == LimitUnit.REQUESTS ? requests : tokens;
    }

    private long amount(LaneBudget budget, Request request) {
        return budget.unit() == LimitUnit.REQUESTS ? 1 : estimate.of(request);
    }

    /** Returns the nanoseconds until both limits of a group have room for a request. */
    long nanosUntil(Request request, LaneGroup group) {
        return group.budgets().stream()
                .mapToLong(budget -> budget.nanosUntil(amount(budget, request)))
                .max()
                .orElse(0);
    }

    /** Returns the nanoseconds until both of the lane's own limits have room for a request. */
    long nanosUntil(Request request) {
        return Math.max(requests.nanosUntil(1), tokens.nanosUntil(estimate.of(request)));
    }

    /**
     * Returns what a request costs, as a multiple of an ordinary one. Where tokens are the scarcer of the two, its
     * tokens count, else each request is as dear as another.
     */
    double costOf(Request request) {
        double ordinary = estimate.ordinary();
        boolean areTokensScarcer =
                (paced || !shared.isEmpty()) && perSecond(LimitUnit.TOKENS) / ordinary < perSecond(LimitUnit.REQUESTS);
        return areTokensScarcer ? estimate.of(request) / ordinary : 1;
    }

    Charge chargeRequest(ConnectingCalls.ConnectingCall call) {
        return requests.charge(1, call);
    }

    Charge chargeTokens(Request request, ConnectingCalls.ConnectingCall call) {
        return tokens.charge(paced ? estimate.of(request) : 0, call);
    }

    /** Charges a call to every budget that the lane shares with others. */
    List<LaneGroup.GroupCharge> chargeGroups(Request request, ConnectingCalls.ConnectingCall call) {
        return shared.stream()
                .map(budget -> new LaneGroup.GroupCharge(budget, budget.charge(amount(budget, request), call)))
                .toList();
    }

    /** Takes over what an answer says of limits and costs. Tokens of a call that cost nothing are given back. */
    void learn(InFlightCall call, CallFeedback feedback) {
        feedback.advertised().requests().ifPresent(limit -> requests.advertise(limit, call.startedAt()));
        feedback.advertised().tokens().ifPresent(limit -> tokens.advertise(limit, call.startedAt()));
        boolean isLimited = feedback.kind() == CallFeedback.Kind.LIMITED;
        hasLearned |= feedback.usage().isPresent() || isLimited;
        feedback.usage().ifPresent(usage -> {
            estimate.learn(call.request(), usage);
            correctTokens(call, usage.total());
        });
        if (feedback.usage().isEmpty() && feedback.produced() > 0) {
            correctTokens(call, estimate.ofPrompt(call.request()) + feedback.produced());
        } else if (feedback.usage().isEmpty() && feedback.isFree() && !isLimited) {
            correctTokens(call, 0);
        }
    }

    /**
     * Charges what a streamed answer has beyond what was expected of it. A long one would else be a debt at its end,
     * while the API counts it as it comes.
     */
    void produced(InFlightCall call, long produced) {
        long amount = estimate.ofPrompt(call.request()) + produced;
        tokens.grow(call.tokens(), amount);
        call.groups().stream()
                .filter(shares -> shares.budget().unit() == LimitUnit.TOKENS)
                .forEach(shares -> shares.budget().grow(shares.charge(), amount));
    }

    private void correctTokens(InFlightCall call, long amount) {
        tokens.correct(call.tokens(), amount);
        call.groups().stream()
                .filter(shares -> shares.budget().unit() == LimitUnit.TOKENS)
                .forEach(shares -> shares.budget().correct(shares.charge(), amount));
    }

    boolean hasLearned() {
        return hasLearned;
    }

    /** Records that calls pass again after an outage. */
    void resumed() {
        requests.resumed();
        tokens.resumed();
    }

    /** Records that the API has dealt with a call. */
    void admitted() {
        lastLimited = "";
    }

    /**
     * Records a call that was rejected for a limit.
     *
     * @param calls the lane's latest calls, which tell whether others are rejected as well
     * @return the pause of the lane; zero if it goes on
     */
    Duration rejected(InFlightCall call, CallFeedback feedback, RecentCalls calls, long now) {
        tokens.changeFloor(estimate.ordinary());
        shared.stream()
                .filter(budget -> budget.unit() == LimitUnit.TOKENS)
                .forEach(budget -> budget.changeFloor(estimate.ordinary()));
        InputRecord record = call.request().input();
        boolean isFirst = record.deferrals() == 0;
        boolean isShort = feedback.pause().compareTo(SHORT_PAUSE) <= 0;
        boolean isNewLimit = feedback.exceeded() == LimitUnit.TOKENS && Double.isInfinite(perSecond(LimitUnit.TOKENS));
        boolean isConfirmed = isFirst && !lastLimited.isEmpty() && !lastLimited.equals(record.id());
        if (isFirst) {
            lastLimited = record.id();
        }
        // A long wait, or a limit that never showed before, needs a second request that is told so for the first time.
        // A request that is told so again and again may ask for more than it ever gets.
        if (isConfirmed || (isShort && !isNewLimit && (isFirst || othersAreLimited(record, calls, now)))) {
            return lower(call, feedback, isShort);
        }
        giveBack(call);
        return Duration.ZERO;
    }

    private void giveBack(InFlightCall call) {
        requests.rejectedAlone(call.requests());
        tokens.rejectedAlone(call.tokens());
        call.groups().forEach(shares -> shares.budget().rejectedAlone(shares.charge()));
    }

    private boolean othersAreLimited(InputRecord record, RecentCalls calls, long now) {
        return calls.shareOfOthersLimited(record.id(), now).orElse(1) > RARELY_LIMITED;
    }

    private Duration lower(InFlightCall call, CallFeedback feedback, boolean isShort) {
        LaneGroup.GroupCharge blamed = blamed(call, feedback.exceeded());
        boolean isExcused = blamed.budget().rejected(blamed.charge(), feedback.exceeded(), feedback.pause())
                && (paced || blamed.budget() != own(feedback.exceeded()));
        // The charge to the budget that is to blame has been given back.
        giveBack(call);
        if (isExcused && isShort) {
            return Duration.ZERO;
        }
        Duration pause = feedback.pause().compareTo(MAX_PAUSE) > 0 ? MAX_PAUSE : feedback.pause();
        return pause.isZero() ? pause : pause.plusNanos(blamed.budget().nanosAfterPause());
    }

    /**
     * Returns the charge to the budget whose limit the API enforces. Of the lane's own limit and those of its groups it
     * is the one of which most is spent. A limit that is not known is not to blame.
     */
    private LaneGroup.GroupCharge blamed(InFlightCall call, LimitUnit exceeded) {
        LaneGroup.GroupCharge blamed = new LaneGroup.GroupCharge(
                own(exceeded), exceeded == LimitUnit.REQUESTS ? call.requests() : call.tokens());
        for (LaneGroup.GroupCharge shares : call.groups()) {
            if (shares.budget().unit() == exceeded
                    && (!paced || shares.budget().spentPart() >= blamed.budget().spentPart())) {
                blamed = shares;
            }
        }
        return blamed;
    }

    /**
     * Returns the amount per second that could be spent if only the lane's own limits bounded it.
     *
     * @param waiting the requests that could be sent at once
     */
    double wanted(LimitUnit unit, int waiting) {
        double amount = waiting * (unit == LimitUnit.REQUESTS ? 1 : estimate.ordinary());
        return paced ? Math.min(amount, own(unit).perSecond()) : amount;
    }

    /** @param waiting the requests that could be sent at once if the limits allowed it */
    LaneState.Spending ofRequests(int waiting) {
        return requests.spending(paced, waiting);
    }

    /** @param waiting the requests that could be sent at once if the limits allowed it */
    LaneState.Spending ofTokens(int waiting) {
        return tokens.spending(paced, waiting * estimate.ordinary());
    }
}
