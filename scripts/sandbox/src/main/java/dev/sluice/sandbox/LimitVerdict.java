package dev.sluice.sandbox;

import org.jspecify.annotations.Nullable;

/**
 * What a limiter says of one call.
 *
 * @param refusedBy the dimension that has no room, requests before tokens; null: admitted
 * @param waitNanos until both dimensions have room for this call; 0: admitted
 * @param requests where requests stand afterwards; null: unlimited
 * @param tokens where tokens stand afterwards; null: unlimited
 */
public record LimitVerdict(
        @Nullable Dimension refusedBy,
        long waitNanos,
        @Nullable Standing requests,
        @Nullable Standing tokens) {

    /** What a limit counts. */
    public enum Dimension {
        REQUESTS,
        TOKENS
    }

    /**
     * Where one dimension stands.
     *
     * @param base the configured rate per second
     * @param current the rate per second in force, another one only with {@link RateLimitKind#DYNAMIC}
     * @param remaining what could be taken now
     * @param waitNanos until one could be taken
     */
    public record Standing(double base, double current, long remaining, long waitNanos) {}
}
