package dev.sluice.sandbox;

import java.time.Duration;

/**
 * A rate in whole numbers: {@code units} in {@code windowNanos}. Their product fits several times into a long, so that
 * meters calculate without overflow and without rounding.
 */
record RateAllowance(long units, long windowNanos) {
    private static final double SECOND = 1e9;
    private static final double MAX_PRODUCT = Long.MAX_VALUE / 4.0;
    private static final double MIN_RATE_PER_SECOND = 1e-4;

    /**
     * Returns the smallest whole number of units in a window of at least {@code window}. The window is stretched so
     * that the average is exactly {@code perSecond}.
     *
     * @throws IllegalArgumentException with {@code name} if the rate is not a usable number
     */
    static RateAllowance of(String name, double perSecond, Duration window) {
        double units = Math.max(1, Math.ceil(perSecond * window.toNanos() / SECOND - 1e-9));
        double windowNanos = units / perSecond * SECOND;
        if (!(perSecond >= MIN_RATE_PER_SECOND) || !(units * windowNanos <= MAX_PRODUCT)) {
            throw new IllegalArgumentException(name + " is " + perSecond + " with a window of "
                    + UnitSyntax.text(window) + "; it must be at least " + MIN_RATE_PER_SECOND
                    + ", and rate × window × window at most some 2·10⁹ s");
        }
        return new RateAllowance((long) units, Math.round(windowNanos));
    }
}
