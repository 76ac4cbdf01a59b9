package dev.sluice.sandbox;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Counts the successful rate of the past period in sixty slots. The dynamic limit is about twice that rate, between a
 * base and a cap. The class is not thread-safe: {@link ModelLimiter} owns it.
 */
final class DynamicRate {
    private static final int SLOTS = 60;

    private final long[] counts = new long[SLOTS];
    private long slotNanos = 1;
    private long currentSlot = Long.MIN_VALUE;

    void succeeded(long now, long amount, long periodNanos) {
        advance(now, periodNanos);
        counts[(int) Math.floorMod(currentSlot, (long) SLOTS)] += amount;
    }

    /** Returns the limit in units per second. */
    double limit(long now, long periodNanos, double base, @Nullable Double cap) {
        advance(now, periodNanos);
        double twice = 2e9 * Arrays.stream(counts).sum() / periodNanos;
        double raised = Math.max(base, twice);
        return cap == null ? raised : Math.min(cap, raised);
    }

    /** Clears the slots that time has passed since the last call. A changed period clears all of them. */
    private void advance(long now, long periodNanos) {
        long newSlotNanos = Math.max(1, periodNanos / SLOTS);
        long slot = Math.floorDiv(now, newSlotNanos);
        if (newSlotNanos != slotNanos || slot - currentSlot >= SLOTS || currentSlot == Long.MIN_VALUE) {
            Arrays.fill(counts, 0);
        } else {
            for (long passed = currentSlot + 1; passed <= slot; passed++) {
                counts[(int) Math.floorMod(passed, (long) SLOTS)] = 0;
            }
        }
        slotNanos = newSlotNanos;
        currentSlot = slot;
    }
}
