package dev.sluice.sandbox;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Measures by a log of the charges of the last window. Charges older than the window are removed at once, even if a
 * later allowance has a longer window.
 */
final class SlidingWindowMeter implements RateMeter {
    private record Charge(long at, long amount) {}

    private final Deque<Charge> log = new ArrayDeque<>();
    private long sum;

    @Override
    public long waitNanos(long now, long amount, RateAllowance allowance) {
        expire(now, allowance);
        long excess = sum + amount - allowance.units();
        if (excess <= 0 || log.isEmpty()) {
            return 0;
        }
        return lastExpiring(excess) + allowance.windowNanos() - now;
    }

    /** Returns the time of the last charge that must expire until {@code excess} is free. */
    private long lastExpiring(long excess) {
        long freed = 0;
        for (Charge charged : log) {
            freed += charged.amount();
            if (freed >= excess) {
                return charged.at();
            }
        }
        return log.getLast().at();
    }

    @Override
    public void charge(long now, long amount, RateAllowance allowance) {
        log.addLast(new Charge(now, amount));
        sum += amount;
    }

    @Override
    public long remaining(long now, RateAllowance allowance) {
        expire(now, allowance);
        return Math.max(0, allowance.units() - sum);
    }

    private void expire(long now, RateAllowance allowance) {
        while (!log.isEmpty() && now - log.getFirst().at() >= allowance.windowNanos()) {
            sum -= log.removeFirst().amount();
        }
    }
}
