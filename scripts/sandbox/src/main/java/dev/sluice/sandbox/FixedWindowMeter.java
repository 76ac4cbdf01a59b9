package dev.sluice.sandbox;

/** Measures consecutive windows that are aligned to the clock's zero. Each window begins with its whole allowance. */
final class FixedWindowMeter implements RateMeter {
    private long windowStart = Long.MIN_VALUE;
    private long used;

    @Override
    public long waitNanos(long now, long amount, RateAllowance allowance) {
        advance(now, allowance);
        boolean fits = used == 0 || used + amount <= allowance.units();
        return fits ? 0 : windowStart + allowance.windowNanos() - now;
    }

    @Override
    public void charge(long now, long amount, RateAllowance allowance) {
        advance(now, allowance);
        used += amount;
    }

    @Override
    public long remaining(long now, RateAllowance allowance) {
        advance(now, allowance);
        return Math.max(0, allowance.units() - used);
    }

    private void advance(long now, RateAllowance allowance) {
        long current = now - Math.floorMod(now, allowance.windowNanos());
        if (current != windowStart) {
            windowStart = current;
            used = 0;
        }
    }
}
