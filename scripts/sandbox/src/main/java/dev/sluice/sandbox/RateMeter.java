package dev.sluice.sandbox;

/**
 * Measures one dimension (requests or tokens) of one model. Each call passes the current allowance, so that it can
 * change at any time. Times are nanoseconds of a monotonic clock. A meter is not thread-safe: {@link ModelLimiter} owns
 * it.
 */
sealed interface RateMeter permits SlidingWindowMeter, TokenBucketMeter, FixedWindowMeter {
    /** Returns the wait until {@code amount} fits, or 0 if it fits now. */
    long waitNanos(long now, long amount, RateAllowance allowance);

    /** Charges {@code amount}, even if it does not fit. */
    void charge(long now, long amount, RateAllowance allowance);

    /** Returns the amount that fits now. It is never negative. */
    long remaining(long now, RateAllowance allowance);

    static RateMeter of(RateLimitKind kind) {
        return switch (kind) {
            case SLIDING_WINDOW, DYNAMIC -> new SlidingWindowMeter();
            case TOKEN_BUCKET -> new TokenBucketMeter();
            case FIXED_WINDOW -> new FixedWindowMeter();
        };
    }
}
