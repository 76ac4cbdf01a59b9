package dev.sluice.worker.pace;

import java.time.Duration;
import java.util.OptionalDouble;

/**
 * Finds out that rejections do not follow our rate, because others spend the limit or the API rejects at random. Then
 * a lower rate loses answers and avoids no rejection. Arithmetic only; owned by the pace thread.
 *
 * <p>The test is a comparison of rates. A limit admits as many calls a second after our rate has fallen by half as it
 * did before, and rejects few of the others. If the share of rejections is still half of what it was, and fewer calls
 * are admitted, they are unrelated: the rate goes back to what it was. If then more is rejected than at the lower rate,
 * the conclusion was wrong, or another reason has come, and the rate is lowered again. Where most calls are rejected
 * nothing is concluded.
 */
final class UnrelatedRejections {
    /** The share of rejections at the lower rate is known after this many calls, or after more if it was small. */
    private static final int MIN_CALLS = 20;

    private static final int MIN_EXPECTED_REJECTIONS = 4;
    /** Rejections that we provoke to find a limit out are fewer than this part of all calls. */
    private static final double MIN_SHARE = 0.02;

    /** A limit admits at least this part of what it admitted at the higher rate. */
    private static final double STILL_ADMITTED = 0.75;
    /** The share of rejections above which a slow pace is right, whatever the reason. */
    private static final double MAX_SHARE = 0.5;
    /** Rejections have another reason as well if they exceed what is expected by these deviations and calls. */
    private static final double DEVIATIONS = 3;

    private static final int MORE = 2;

    /** Rates can be compared if the worker's part of the limit has changed by no more than this factor. */
    private static final double COMPARABLE = 1.25;

    /** The time after a fall of our rate in which a limit's window is still full of earlier calls. */
    private static final long SETTLES_AFTER = Duration.ofMillis(1_200).toNanos();

    private static final long LONGEST_FALL = Duration.ofMinutes(1).toNanos();
    private static final long REMEMBERED = Duration.ofMinutes(5).toNanos();

    /** The share of rejections at the lower rate, if they are known to be unrelated; otherwise 0. */
    private double unrelated;

    private long concludedAt;
    private long forgetAt;
    private final Sample since = new Sample();

    // The present fall of the rate; there is none while its first rate is 0.
    private double fallsFrom;
    /** The factor by which this worker's part of the limit has changed since then. */
    private double scale = 1;

    private long fellAt;
    private boolean isBelow;
    /** The time of the last call at the higher rate. */
    private long aboveUntil;
    /** The time from which calls at the lower rate count. */
    private long belowAt;

    private final Sample above = new Sample();
    private final Sample below = new Sample();

    /** The calls of one rate. Those that have not ended yet count as admitted. */
    private static final class Sample {
        private int calls;
        private int rejected;

        double admittedPerSecond(long nanos) {
            return (calls - rejected) * 1e9 / Math.max(1, nanos);
        }

        double share() {
            return calls == 0 ? 0 : (double) rejected / calls;
        }

        void clear() {
            calls = 0;
            rejected = 0;
        }
    }

    /** Records that the rate is about to be lowered from {@code rate} for a rejection that we did not provoke. */
    void lowering(double rate, long now) {
        if (fallsFrom == 0 || now - fellAt > LONGEST_FALL) {
            fallsFrom = rate;
            scale = 1;
            fellAt = now;
            aboveUntil = now;
            isBelow = false;
            above.clear();
            below.clear();
        }
    }

    /** Ends the present comparison, since the rate is not what it is taken for. */
    void stopComparing() {
        fallsFrom = 0;
    }

    /** Changes the measure of all rates, after this worker's part of the limit has changed. */
    void forget() {
        fallsFrom = 0;
        unrelated = 0;
    }

    /**
     * Changes this worker's part of the limit for a while. A comparison ends if it has changed too much since it began.
     * What other workers want changes a little each second, which must not end all comparisons.
     */
    void scale(double factor) {
        scale *= factor;
        if (scale > COMPARABLE || scale < 1 / COMPARABLE) {
            fallsFrom = 0;
        }
    }

    /**
     * Records the start of a call.
     *
     * @param rate the present rate
     * @return the rate to go back to, once it is known that the rejections are unrelated to it
     */
    OptionalDouble started(double rate, long now) {
        since.calls += unrelated > 0 ? 1 : 0;
        if (fallsFrom == 0) {
            return OptionalDouble.empty();
        }
        if (!isBelow && rate <= fallsFrom / 2) {
            isBelow = true;
            belowAt = now + SETTLES_AFTER;
        }
        boolean isKnown = below.calls >= MIN_CALLS && below.calls * above.share() >= MIN_EXPECTED_REJECTIONS;
        if (isKnown) {
            return conclude(now);
        }
        if (!isBelow) {
            above.calls++;
            aboveUntil = now;
        } else if (now - belowAt >= 0) {
            below.calls++;
        }
        return OptionalDouble.empty();
    }

    /** Records a rejected call. */
    void rejected(long startedAt) {
        if (unrelated > 0 && startedAt - concludedAt >= 0) {
            since.rejected++;
            // The rate has gone back to what it was, and more is rejected than at the lower one: it matters after all.
            double expected = since.calls * unrelated;
            unrelated = since.rejected > expected + DEVIATIONS * Math.sqrt(expected) + MORE ? 0 : unrelated;
        }
        if (fallsFrom == 0 || startedAt - fellAt < 0) {
            return;
        }
        if (!isBelow || startedAt - aboveUntil <= 0) {
            above.rejected++;
        } else if (startedAt - belowAt >= 0) {
            below.rejected++;
        }
    }

    private OptionalDouble conclude(long now) {
        double before = fallsFrom;
        fallsFrom = 0;
        boolean isLess =
                below.admittedPerSecond(now - belowAt) < STILL_ADMITTED * above.admittedPerSecond(aboveUntil - fellAt);
        boolean isRejected = below.share() >= Math.max(MIN_SHARE, above.share() / 2) && below.share() <= MAX_SHARE;
        if (!isLess || !isRejected) {
            return OptionalDouble.empty();
        }
        unrelated = below.share();
        concludedAt = now;
        since.clear();
        forgetAt = now + REMEMBERED;
        return OptionalDouble.of(before);
    }

    /** Returns true if rejections are known to be unrelated to the rate at present. */
    boolean isKnown(long now) {
        if (unrelated > 0 && now - forgetAt >= 0) {
            unrelated = since.share() >= unrelated / 2 ? unrelated : 0;
            since.clear();
            forgetAt = now + REMEMBERED;
        }
        return unrelated > 0;
    }
}
