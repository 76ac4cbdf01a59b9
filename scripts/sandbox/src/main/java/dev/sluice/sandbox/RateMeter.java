package dev.sluice.sandbox;

/**
 * Counts one dimension (requests or tokens) of one model. The allowance comes with each question, so that it can change
 * at any time. Times are nanoseconds of a monotonic clock. Not thread-safe: {@link ModelLimiter} owns it.
 */
sealed interface RateMeter permits SlidingWindowMeter, TokenBucketMeter, FixedWindowMeter {
    /** How long to wait until {@code amount} fits; 0 if it fits now. */
    long waitNanos(long now, long amount, RateAllowance allowance);

    /** Takes {@code amount}, whether it fits or not. */
    void take(long now, long amount, RateAllowance allowance);

    /** What could be taken now; never negative. */
    long remaining(long now, RateAllowance allowance);

    static RateMeter of(RateLimitKind kind) {
        return switch (kind) {
            case SLIDING_WINDOW, DYNAMIC -> new SlidingWindowMeter();
            case TOKEN_BUCKET -> new TokenBucketMeter();
            case FIXED_WINDOW -> new FixedWindowMeter();
        };
    }
}
