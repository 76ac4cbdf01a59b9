package dev.sluice.worker.pace;

import dev.sluice.worker.pool.BudgetReport;
import dev.sluice.worker.pool.LimitPart;
import dev.sluice.worker.provider.LimitUnit;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.TokensInheritanceStrategy;
import io.github.bucket4j.local.SynchronizationStrategy;
import java.time.Duration;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * The amount of one unit that a lane may spend. Two things must allow a call. A bucket spreads calls evenly, and a
 * large call leaves a debt in it. Our copy of the API's sliding second must not overflow, whatever there is to catch
 * up. Owned by the pace thread.
 */
final class LaneBudget {
    /**
     * The part of the limit that is left unused. An even pace at exactly the limit would meet the edge of the API's
     * window with every little delay on the way.
     */
    static final double MARGIN = 0.02;

    private static final long SECOND = 1_000_000_000L;
    private static final long WINDOW = (long) (SECOND * (1 + MARGIN));
    /** The amount that may be caught up after a stall, as seconds at the full rate. */
    private static final double CATCH_UP_SECONDS = 0.1;
    /** Bucket4j counts in whole numbers, so that a rate is written as an amount in this many seconds. */
    private static final long PERIOD_SECONDS = 1000;
    /** The same for a rate of less than one part a second. A limit may be a few calls a day. */
    private static final long LONG_PERIOD_SECONDS = 1_000_000;
    /**
     * The lowest advertised limits that are believed are one request a minute and a thousand tokens a minute. A header
     * is foreign text. A lower one would close the lane for good, since only an answer brings another header.
     */
    private static final double MIN_ADVERTISED_REQUESTS = 1 / 60.0;

    private static final double MIN_ADVERTISED_TOKENS = 1_000 / 60.0;
    /** An advertised limit above this is clamped to it, which is as good as none. A bucket could not hold more. */
    private static final double MAX_ADVERTISED = 1_000_000;
    /** A change of the rate by a smaller part than this is not worth a new configuration of the bucket. */
    private static final double RATE_TOLERANCE = 0.005;

    /**
     * The least part of a limit that is spent. A worker whose turn has not come has nothing else. That of a hundred of
     * them must not count.
     */
    private static final double LEAST_PART = 1e-4;

    /** Workers have a limit below this, per second, in turns that are one call long. Other turns have several calls. */
    private static final double TURNS_OF_ONE_CALL = 1 / 20.0;

    /** The time over which demand is measured. */
    private static final long OF_LATE = 2 * SECOND;

    /** The longest time over which demand is measured if a worker's part of a limit is a few calls a day. */
    private static final double LONGEST_SECONDS = 86_400;

    /** The factor by which spending may grow before others have to know. */
    private static final double HEADROOM = 1.25;

    /** The golden ratio: fractional multiples spread evenly over [0, 1). */
    private static final double GOLDEN_RATIO = 0.618034;

    private final LimitUnit unit;
    /** The parts of one unit that the bucket counts in, so that it can hold half a request. */
    private final long parts;

    private final TimeMeter time;
    private final SlidingWindow window = new SlidingWindow(WINDOW);
    private final LimitEstimator estimator;
    private final OptionalDouble configured;
    private OptionalDouble advertised = OptionalDouble.empty();
    private long advertisedAt;
    /** The part of the whole limit that belongs to this worker's bundles. */
    private double own;

    /** The part of the whole limit that this worker may spend as the others' reports say. */
    private LimitPart lent = LimitPart.UNKNOWN;

    /** The part of the whole limit that is spent at present. */
    private double share;

    private @Nullable Bucket bucket;
    private double bucketRate;
    private double phase;
    private long chargedAt;
    /** The parts that were charged too much before. Later charges use them up; a full bucket would lose them. */
    private long credit;

    /** @param configured the whole limit per second */
    LaneBudget(LimitUnit unit, OptionalDouble configured, double share, TimeMeter time) {
        this(unit, configured, share, time, unit == LimitUnit.TOKENS);
    }

    /** Returns the budget of a limit that lanes share, or that of a lane whose calls only such a limit bounds. */
    static LaneBudget ofGroup(LimitUnit unit, OptionalDouble configured, double share, TimeMeter time) {
        return new LaneBudget(unit, configured, share, time, true);
    }

    /** @param startsUnlimited true if there is no limit until one shows */
    private LaneBudget(
            LimitUnit unit, OptionalDouble configured, double share, TimeMeter time, boolean startsUnlimited) {
        this.unit = unit;
        this.parts = unit == LimitUnit.REQUESTS ? 1000 : 1;
        this.time = time;
        this.own = share;
        this.share = share;
        this.configured = configured;
        this.estimator = startsUnlimited
                ? LimitEstimator.withoutLimit(window, share, time.currentTimeNanos())
                : LimitEstimator.ofRequests(window, share, time.currentTimeNanos());
        this.advertisedAt = time.currentTimeNanos();
        this.chargedAt = advertisedAt;
        updateCeiling();
        emptyBucket();
    }

    /** Changes the part of the whole limit that belongs to this worker. */
    void changeShare(double fraction) {
        own = fraction;
        share = part();
        estimator.changeShare(share);
        emptyBucket();
    }

    private boolean waitsForTurn() {
        return share <= LEAST_PART && unit == LimitUnit.REQUESTS && ceiling() < TURNS_OF_ONE_CALL;
    }

    /**
     * Pays the debt of the last call as far as it would be paid by now if the turn had lasted since then, but for half
     * a call. So each turn has its call in the middle, far from those of other turns. Only a worker that has saved half
     * a call, since it had nothing to call in earlier turns, calls at once, and once.
     */
    private void beginTurn() {
        long now = time.currentTimeNanos();
        double rate = estimator.perSecond(now);
        double paid = (now - chargedAt) * rate / SECOND / (1 + MARGIN);
        Bucket present = bucket(rate);
        long available = present.getAvailableTokens();
        long wanted = available < parts / 2 ? Math.round(parts * Math.min(-0.5, paid - 1)) : 1;
        if (wanted > available) {
            present.addTokens(wanted - available);
        } else {
            consume(available - wanted);
        }
    }

    /** Changes the part of the whole limit that may be spent as the others' reports say. */
    void lend(LimitPart part) {
        if (!part.equals(lent)) {
            lent = part;
            takeShare();
        }
    }

    private void takeShare() {
        long now = time.currentTimeNanos();
        boolean waited = waitsForTurn();
        boolean hadNone = share <= LEAST_PART;
        share = part();
        if (hadNone && share > LEAST_PART) {
            estimator.takesOver(now);
        }
        if (lent instanceof LimitPart.Followed followed) {
            estimator.follow(followed, share, now);
        } else if (lent instanceof LimitPart.Piloted piloted) {
            estimator.seek(piloted, share, now);
        } else {
            estimator.findAlone(share, now);
        }
        if (waited && !waitsForTurn()) {
            beginTurn();
        } else if (waitsForTurn()) {
            // Nobody asks while the turn has not come, and the bucket must not fill at the rate of the last one.
            bucket(estimator.perSecond(now));
        }
    }

    /** Returns the part of the whole limit to spend. It is never less than that of the worker's own bundles. */
    private double part() {
        if (lent instanceof LimitPart.Named named && estimator.hasCeiling()) {
            return atLeastOwn(named.share(), ceiling());
        }
        if (lent instanceof LimitPart.Followed followed) {
            return atLeastOwn(followed.share(), followed.limit());
        }
        if (lent instanceof LimitPart.Piloted piloted) {
            return atLeastOwn(piloted.share(), piloted.limit());
        }
        return own;
    }

    private double atLeastOwn(double fraction, double whole) {
        // Workers that know each other divide requests into whole numbers a second.
        boolean isDivided = unit == LimitUnit.REQUESTS && !Double.isInfinite(whole);
        double least = isDivided ? Math.floor(own * whole + 1e-9) / whole : own;
        return Math.max(LEAST_PART, Math.max(least, fraction));
    }

    // A full bucket would be a burst.
    private void emptyBucket() {
        bucket = null;
        credit = 0;
        double rate = estimator.perSecond(time.currentTimeNanos());
        if (!Double.isInfinite(rate)) {
            bucket(rate);
        }
    }

    /**
     * Takes over a limit that the headers of an answer advertise. Older news than the last is ignored.
     *
     * @param startedAt the start of the call that was answered
     */
    void advertise(double perSecond, long startedAt) {
        if (startedAt - advertisedAt >= 0) {
            advertisedAt = startedAt;
            double min = unit == LimitUnit.REQUESTS ? MIN_ADVERTISED_REQUESTS : MIN_ADVERTISED_TOKENS;
            advertised = OptionalDouble.of(Math.max(min, Math.min(MAX_ADVERTISED, perSecond)));
            updateCeiling();
        }
    }

    private void updateCeiling() {
        double ceiling = ceiling();
        if (!Double.isInfinite(ceiling)) {
            estimator.changeCeiling(ceiling);
            takeShare();
        }
    }

    /** Returns the whole limit as it is named; infinity if it is not. */
    private double ceiling() {
        return Math.min(configured.orElse(Double.POSITIVE_INFINITY), advertised.orElse(Double.POSITIVE_INFINITY));
    }

    /** Returns the whole limit as it is named or found out. */
    private OptionalDouble whole(long now) {
        double whole = Math.min(ceiling(), estimator.hasCeiling() ? Double.POSITIVE_INFINITY : estimator.shared(now));
        return Double.isInfinite(whole) ? OptionalDouble.empty() : OptionalDouble.of(whole);
    }

    private BudgetReport.Source source(OptionalDouble whole) {
        if (whole.isEmpty()) {
            return BudgetReport.Source.NONE;
        }
        if (configured.isPresent() && configured.getAsDouble() <= whole.getAsDouble()) {
            return BudgetReport.Source.TOLD;
        }
        return advertised.isPresent() ? BudgetReport.Source.HEADER : BudgetReport.Source.FOUND;
    }

    LimitUnit unit() {
        return unit;
    }

    /** Returns the amount of the last second, as a part of what may be spent; 0 without any limit. */
    double spentPart() {
        long now = time.currentTimeNanos();
        return window.sum(now) / estimator.perSecond(now);
    }

    /** Returns the amount that may be spent per second at present; infinity without any limit. */
    double perSecond() {
        return estimator.perSecond(time.currentTimeNanos());
    }

    /**
     * @param paced true if the lane obeys the limit
     * @param waiting the amount that could be spent at once if the limit allowed it
     */
    LaneState.Spending spending(boolean paced, double waiting) {
        long now = time.currentTimeNanos();
        double rate = estimator.perSecond(now);
        OptionalDouble limit = paced && !Double.isInfinite(rate) ? OptionalDouble.of(rate) : OptionalDouble.empty();
        double ofLate = window.sumSince(now - OF_LATE, now) * (double) SECOND / OF_LATE;
        OptionalDouble whole = paced ? whole(now) : OptionalDouble.empty();
        double used = Math.max(ofLate, whole.isPresent() ? slowly(whole.getAsDouble(), now) : 0);
        BudgetReport report = new BudgetReport(
                whole, source(whole), ofLate, HEADROOM * used + waiting, estimator.epoch(), estimator.followed());
        return new LaneState.Spending(limit, window.sum(now) * (double) SECOND / WINDOW, report);
    }

    /**
     * Returns the amount per second that was spent in the time that this worker's own part needs for a call like the
     * last one. Of a slow limit nothing may have been spent of late, though all of the part is used.
     */
    private double slowly(double whole, long now) {
        double seconds = HEADROOM * window.lastAmountUpTo(now) / (own * whole);
        long span = (long) (Math.min(LONGEST_SECONDS, seconds) * SECOND);
        return span <= OF_LATE ? 0 : window.sumSince(now - span, now) * (double) SECOND / span;
    }

    /**
     * Returns the nanoseconds until {@code amount} may be spent; 0 if it may be spent now, {@link Lane#NEVER} if only
     * another part can change that.
     */
    long nanosUntil(long amount) {
        if (waitsForTurn()) {
            return Lane.NEVER;
        }
        long now = time.currentTimeNanos();
        double rate = estimator.perSecond(now);
        if (Double.isInfinite(rate)) {
            return 0;
        }
        // A call that is larger than the whole window may start when the window is empty.
        long room = Math.max(0, (long) Math.ceil(rate - 1e-9) - amount);
        long refill = bucket(rate).estimateAbilityToConsume(1).getNanosToWaitForRefill();
        return Math.max(refill, window.nanosUntil(room, now));
    }

    /** Charges the expected amount of a call that starts now. */
    Charge charge(long expected, ConnectingCalls.ConnectingCall connecting) {
        long now = time.currentTimeNanos();
        Charge charge = new Charge(now, connecting, expected);
        chargedAt = now;
        estimator.started(now);
        window.add(charge);
        spend(expected);
        return charge;
    }

    private void spend(long amount) {
        long used = Math.min(credit, amount * parts);
        credit -= used;
        consume(amount * parts - used);
    }

    /** Charges what a call under way has cost so far beyond what was charged for it. It counts from now on. */
    void grow(Charge charge, long amount) {
        long more = amount - charge.amount() - charge.grown();
        if (more > 0) {
            window.add(charge.grow(time.currentTimeNanos(), more));
            spend(more);
        }
    }

    /** Replaces the expected amount of a call, and what it has grown by, with what it really cost. */
    void correct(Charge charge, long amount) {
        long surplus = (charge.amount() + charge.grown() - amount) * parts;
        window.correct(charge, Math.max(0, amount - charge.grown()));
        if (surplus < 0) {
            consume(-surplus);
        } else {
            giveBack(surplus);
        }
    }

    /**
     * Pays a debt of the bucket at once, which would hold up the calls that come next, and keeps the rest as credit.
     */
    private void giveBack(long amount) {
        Bucket present = bucket;
        if (present != null) {
            long paid = Math.min(amount, Math.max(0, -present.getAvailableTokens()));
            if (paid > 0) {
                present.addTokens(paid);
            }
            // More than a second of the rate is never waited for, so a larger credit would be worth nothing but a
            // burst.
            long most = (long) (bucketRate * parts);
            credit = Math.min(Math.max(credit, most), credit + amount - paid);
        }
    }

    /** Changes the amount per second of the whole limit that is granted however often calls are rejected. */
    void changeFloor(double perSecond) {
        estimator.changeFloor(perSecond);
    }

    /** Records that calls pass again after an outage. */
    void resumed() {
        estimator.resumed(time.currentTimeNanos());
    }

    /** Records a call that the API rejects for its own size, so that it cost nothing and tells nothing of the limit. */
    void rejectedAlone(Charge charge) {
        if (unit == LimitUnit.TOKENS) {
            correct(charge, 0);
        } else {
            window.correct(charge, 0);
        }
    }

    /**
     * Returns the nanoseconds to wait after a pause that the API has told all workers. If all went on at once, only
     * one call would fit.
     */
    long nanosAfterPause() {
        return (long) (SECOND * Math.min(1, lent.place() / estimator.perSecond(time.currentTimeNanos())));
    }

    private void consume(long amount) {
        if (bucket != null && amount > 0) {
            bucket.consumeIgnoringRateLimits(amount);
        }
    }

    /**
     * Records that the API rejected a call for its rate limit, so that the call cost nothing.
     *
     * @param exceeded the unit whose limit was exceeded, which may not be this budget's
     * @param wait how long the API says until the call would fit; zero if it does not say
     * @return true if it is no reason to pause
     */
    boolean rejected(Charge charge, LimitUnit exceeded, Duration wait) {
        long amount = charge.amount();
        if (unit == LimitUnit.TOKENS) {
            correct(charge, 0);
        } else {
            // The bucket gets no credit for the request, so that calls stay evenly spaced.
            window.correct(charge, 0);
        }
        boolean ours = exceeded == unit;
        boolean excused = ours && estimator.rejected(charge, amount, wait.toNanos(), time.currentTimeNanos());
        if (ours && !excused && estimator.hasCeiling()) {
            shiftPhase();
        }
        return excused;
    }

    /**
     * Shifts the calls of an even pace by a part of their distance. Workers that share a known limit can come to send
     * in step if a limit's part is no whole number. Each then sends thirteen calls in one second and fourteen in
     * another, all of them at the same moment. As they are equally fast, that would never end by itself.
     */
    private void shiftPhase() {
        phase = (phase + GOLDEN_RATIO) % 1;
        consume((long) (phase * parts));
    }

    private Bucket bucket(double rate) {
        Bucket present = bucket;
        if (present == null) {
            present = Bucket.builder()
                    .addLimit(bandwidth(rate))
                    .withCustomTimePrecision(time)
                    .withSynchronizationStrategy(SynchronizationStrategy.NONE)
                    .build();
            bucketRate = rate;
            bucket = present;
        } else if (Math.abs(rate - bucketRate) > RATE_TOLERANCE * bucketRate) {
            BucketConfiguration changed =
                    BucketConfiguration.builder().addLimit(bandwidth(rate)).build();
            present.replaceConfiguration(changed, TokensInheritanceStrategy.AS_IS);
            bucketRate = rate;
        }
        return present;
    }

    private Bandwidth bandwidth(double rate) {
        double partsPerSecond = rate * parts / (1 + MARGIN);
        long seconds = partsPerSecond < 1 ? LONG_PERIOD_SECONDS : PERIOD_SECONDS;
        return Bandwidth.builder()
                .capacity(Math.max(parts, (long) (partsPerSecond * CATCH_UP_SECONDS)))
                .refillGreedy(Math.max(1, Math.round(partsPerSecond * seconds)), Duration.ofSeconds(seconds))
                .initialTokens(0)
                .build();
    }
}
