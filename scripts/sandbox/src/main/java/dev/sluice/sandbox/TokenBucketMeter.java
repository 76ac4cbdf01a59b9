package dev.sluice.sandbox;

import org.jspecify.annotations.Nullable;

/**
 * Measures by a bucket that starts full and refills evenly. Its level is kept in units × {@code windowNanos}. Each
 * nanosecond adds {@code units} and each unit costs {@code windowNanos}, so nothing is ever rounded.
 */
final class TokenBucketMeter implements RateMeter {
    private static final long MAX_DEBT = Long.MAX_VALUE / 4;

    private @Nullable RateAllowance allowance;
    private long level;
    private long refilledAt;

    @Override
    public long waitNanos(long now, long amount, RateAllowance current) {
        refill(now, current);
        long needed = Math.min(amount, current.units()) * current.windowNanos();
        return level >= needed ? 0 : divideUp(needed - level, current.units());
    }

    @Override
    public void charge(long now, long amount, RateAllowance current) {
        refill(now, current);
        level -= Math.min(amount, MAX_DEBT / current.windowNanos()) * current.windowNanos();
    }

    @Override
    public long remaining(long now, RateAllowance current) {
        refill(now, current);
        return Math.max(0, level / current.windowNanos());
    }

    private void refill(long now, RateAllowance current) {
        if (!current.equals(allowance)) {
            changeAllowance(now, current);
        }
        long full = current.units() * current.windowNanos();
        long elapsed = now - refilledAt;
        // If the elapsed time fills the bucket, elapsed * units is not calculated, because it could overflow.
        boolean becomesFull = elapsed >= divideUp(full - level, current.units());
        level = becomesFull ? full : level + elapsed * current.units();
        refilledAt = now;
    }

    /** Keeps the level in units, up to the new capacity. */
    private void changeAllowance(long now, RateAllowance current) {
        long full = current.units() * current.windowNanos();
        if (allowance == null) {
            level = full;
        } else {
            refill(now, allowance);
            level = Math.min(full, Math.floorDiv(level, allowance.windowNanos()) * current.windowNanos());
        }
        allowance = current;
        refilledAt = now;
    }

    private static long divideUp(long dividend, long divisor) {
        return -Math.floorDiv(-dividend, divisor);
    }
}
