package dev.sluice.sandbox;

import org.jspecify.annotations.Nullable;

/**
 * A limiter's answer for one call.
 *
 * @param rejectedBy the dimension that has no room, requests before tokens, or null if the call is admitted
 * @param waitNanos the time until both dimensions have room for this call, 0 if it is admitted
 * @param requests the state of the requests afterwards, or null if unlimited
 * @param tokens the state of the tokens afterwards, or null if unlimited
 */
public record LimitVerdict(
        @Nullable Dimension rejectedBy,
        long waitNanos,
        @Nullable DimensionState requests,
        @Nullable DimensionState tokens) {

    /** The unit that a limit counts. */
    public enum Dimension {
        REQUESTS,
        TOKENS
    }

    /**
     * The state of one dimension.
     *
     * @param base the configured rate per second
     * @param current the rate per second in force, which differs from the base only for {@link RateLimitKind#DYNAMIC}
     * @param remaining the amount that fits now
     * @param waitNanos the time until one unit fits
     */
    public record DimensionState(double base, double current, long remaining, long waitNanos) {}
}
