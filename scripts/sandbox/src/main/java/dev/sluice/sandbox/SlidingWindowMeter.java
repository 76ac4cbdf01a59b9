package dev.sluice.sandbox;

import java.util.ArrayDeque;
import java.util.Deque;

/**
 * A log of what was taken during the last window. What is older than the window is forgotten at once, also when a later
 * allowance has a longer one.
 */
final class SlidingWindowMeter implements RateMeter {
    private record Taken(long at, long amount) {}

    private final Deque<Taken> log = new ArrayDeque<>();
    private long sum;

    @Override
    public long waitNanos(long now, long amount, RateAllowance allowance) {
        forget(now, allowance);
        long excess = sum + amount - allowance.units();
        if (excess <= 0 || log.isEmpty()) {
            return 0;
        }
        return leaves(excess) + allowance.windowNanos() - now;
    }

    /** When the youngest of those was taken that must leave for {@code excess} to be free. */
    private long leaves(long excess) {
        long freed = 0;
        for (Taken taken : log) {
            freed += taken.amount();
            if (freed >= excess) {
                return taken.at();
            }
        }
        return log.getLast().at();
    }

    @Override
    public void take(long now, long amount, RateAllowance allowance) {
        log.addLast(new Taken(now, amount));
        sum += amount;
    }

    @Override
    public long remaining(long now, RateAllowance allowance) {
        forget(now, allowance);
        return Math.max(0, allowance.units() - sum);
    }

    private void forget(long now, RateAllowance allowance) {
        while (!log.isEmpty() && now - log.getFirst().at() >= allowance.windowNanos()) {
            sum -= log.removeFirst().amount();
        }
    }
}
