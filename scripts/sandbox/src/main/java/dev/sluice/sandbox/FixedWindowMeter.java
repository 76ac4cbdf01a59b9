package dev.sluice.sandbox;

/** Measures consecutive windows that are aligned to the clock's zero. Each window begins with its whole allowance. */
final class FixedWindowMeter implements RateMeter {
    private long begin = Long.MIN_VALUE;
    private long used;

    @Override
    public long waitNanos(long now, long amount, RateAllowance allowance) {
        turn(now, allowance);
        boolean fits = used == 0 || used + amount <= allowance.units();
        return fits ? 0 : begin + allowance.windowNanos() - now;
    }

    @Override
    public void take(long now, long amount, RateAllowance allowance) {
        turn(now, allowance);
        used += amount;
    }

    @Override
    public long remaining(long now, RateAllowance allowance) {
        turn(now, allowance);
        return Math.max(0, allowance.units() - used);
    }

    private void turn(long now, RateAllowance allowance) {
        long current = now - Math.floorMod(now, allowance.windowNanos());
        if (current != begin) {
            begin = current;
            used = 0;
        }
    }
}
