package dev.sluice.worker.pace;

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
 * What one lane may spend of one unit. Two things have to allow a call: a bucket, which spreads calls evenly and in
 * which a large one leaves a debt, and our copy of the API's sliding second, which no catching up may overfill. Owned
 * by the pace thread.
 */
final class LaneBudget {
    /**
     * What is left unused, as a part of the limit: an even pace at exactly the limit meets the edge of the API's window
     * with every little delay on the way.
     */
    static final double MARGIN = 0.02;

    private static final long SECOND = 1_000_000_000L;
    private static final long WINDOW = (long) (SECOND * (1 + MARGIN));
    /** What may be caught up after a stall, as time at the full rate. */
    private static final double SLOT_SECONDS = 0.1;
    /** Bucket4j counts in whole numbers: a rate is written as so much in this time. */
    private static final long PERIOD_SECONDS = 1000;
    /**
     * A request or a thousand tokens a minute. A header is foreign text: one that names less would close the lane for
     * good, since only an answer brings another.
     */
    private static final double LEAST_REQUESTS_TOLD = 1 / 60.0;

    private static final double LEAST_TOKENS_TOLD = 1_000 / 60.0;
    /** And one that names more than a bucket can hold is as good as none. */
    private static final double MOST_TOLD = 1_000_000;
    /** A change of the rate by less than this is not worth a new configuration. */
    private static final double WORTH_IT = 0.005;

    /** Its multiples, without their whole part, come close to every part in a few steps. */
    private static final double GOLDEN = 0.618034;

    private final LimitUnit unit;
    /** Parts of one that the bucket counts in, so that it can hold half a request. */
    private final long parts;

    private final TimeMeter time;
    private final SlidingWindow window = new SlidingWindow(WINDOW);
    private final LimitEstimator tuner;
    private final OptionalDouble configured;
    private OptionalDouble told = OptionalDouble.empty();
    private long toldAt;
    private double share;
    private @Nullable Bucket bucket;
    private double bucketRate;
    private double phase;
    /** Reserved too much before, in parts: taken off what is reserved next. A full bucket would lose it. */
    private long credit;

    /** @param configured the whole limit, per second */
    LaneBudget(LimitUnit unit, OptionalDouble configured, double share, TimeMeter time) {
        this.unit = unit;
        this.parts = unit == LimitUnit.REQUESTS ? 1000 : 1;
        this.time = time;
        this.share = share;
        this.configured = configured;
        this.tuner = unit == LimitUnit.REQUESTS
                ? LimitEstimator.ofRequests(window, share)
                : LimitEstimator.ofTokens(window, share);
        this.toldAt = time.currentTimeNanos();
        tell();
        fresh();
    }

    /** The part of the whole limit that is ours from now on; it begins with an empty bucket. */
    void share(double fraction) {
        tuner.share(fraction);
        share = fraction;
        fresh();
    }

    /** An empty bucket: a full one would be a burst. */
    private void fresh() {
        bucket = null;
        credit = 0;
        double rate = tuner.perSecond(time.currentTimeNanos());
        if (!Double.isInfinite(rate)) {
            bucket(rate);
        }
    }

    /** A limit that the headers of an answer name; older news than the last is no news. */
    void told(double perSecond, long sentAt) {
        if (sentAt - toldAt >= 0) {
            toldAt = sentAt;
            double least = unit == LimitUnit.REQUESTS ? LEAST_REQUESTS_TOLD : LEAST_TOKENS_TOLD;
            told = OptionalDouble.of(Math.max(least, Math.min(MOST_TOLD, perSecond)));
            tell();
        }
    }

    private void tell() {
        double least = Math.min(configured.orElse(Double.POSITIVE_INFINITY), told.orElse(Double.POSITIVE_INFINITY));
        if (!Double.isInfinite(least)) {
            tuner.told(least * share);
        }
    }

    /** What may be spent per second at present; infinite without any limit. */
    double perSecond() {
        return tuner.perSecond(time.currentTimeNanos());
    }

    /** @param limited whether the limit is heeded at all */
    LaneState.Spending spending(boolean limited) {
        long now = time.currentTimeNanos();
        double limit = tuner.perSecond(now);
        OptionalDouble heeded =
                limited && !Double.isInfinite(limit) ? OptionalDouble.of(limit) : OptionalDouble.empty();
        return new LaneState.Spending(heeded, window.sum(now) * (double) SECOND / WINDOW);
    }

    /** Nanoseconds until {@code amount} may be spent; 0 for now. */
    long nanosTo(long amount) {
        long now = time.currentTimeNanos();
        double rate = tuner.perSecond(now);
        if (Double.isInfinite(rate)) {
            return 0;
        }
        // one that is larger than the whole window goes when the window is empty
        long room = Math.max(0, (long) Math.ceil(rate - 1e-9) - amount);
        long refill = bucket(rate).estimateAbilityToConsume(1).getNanosToWaitForRefill();
        return Math.max(refill, window.nanosTo(room, now));
    }

    Charge spend(long amount, ConnectingCalls.Departure departure) {
        long now = time.currentTimeNanos();
        Charge spend = new Charge(now, departure, amount);
        tuner.spent(now);
        window.add(spend);
        long used = Math.min(credit, amount * parts);
        credit -= used;
        take(amount * parts - used);
        return spend;
    }

    /** What the call really cost. */
    void correct(Charge spend, long amount) {
        long surplus = (spend.amount() - amount) * parts;
        window.correct(spend, amount);
        if (surplus < 0) {
            take(-surplus);
        } else if (bucket != null) {
            credit += surplus;
        }
    }

    private void take(long amount) {
        if (bucket != null && amount > 0) {
            bucket.consumeIgnoringRateLimits(amount);
        }
    }

    /**
     * A call was refused, because of this unit or of the other one; it has spent nothing.
     *
     * @return whether we had provoked it
     */
    boolean refused(Charge spend, LimitUnit over, Duration wait) {
        long amount = spend.amount();
        if (unit == LimitUnit.TOKENS) {
            correct(spend, 0);
        } else {
            window.correct(spend, 0);
        }
        boolean ours = over == unit;
        boolean provoked = ours && tuner.refused(spend, amount, wait.toNanos(), time.currentTimeNanos());
        if (ours && !provoked && tuner.isTold()) {
            shift();
        }
        return provoked;
    }

    /**
     * Moves the calls of an even pace by a part of their distance. Workers that share a limit they were told can come
     * to send together where a limit's part is no whole number: one call of thirteen a second and one of fourteen each,
     * and all at the same moment. As they are equally fast, that would go on.
     */
    private void shift() {
        phase = (phase + GOLDEN) % 1;
        take((long) (phase * parts));
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
        } else if (Math.abs(rate - bucketRate) > WORTH_IT * bucketRate) {
            BucketConfiguration other =
                    BucketConfiguration.builder().addLimit(bandwidth(rate)).build();
            present.replaceConfiguration(other, TokensInheritanceStrategy.AS_IS);
            bucketRate = rate;
        }
        return present;
    }

    private Bandwidth bandwidth(double rate) {
        double partsPerSecond = rate * parts / (1 + MARGIN);
        return Bandwidth.builder()
                .capacity(Math.max(parts, (long) (partsPerSecond * SLOT_SECONDS)))
                .refillGreedy(
                        Math.max(1, Math.round(partsPerSecond * PERIOD_SECONDS)), Duration.ofSeconds(PERIOD_SECONDS))
                .initialTokens(0)
                .build();
    }
}
