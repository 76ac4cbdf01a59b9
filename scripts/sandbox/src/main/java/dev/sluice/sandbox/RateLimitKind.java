package dev.sluice.sandbox;

/** How a {@link RateLimit} is enforced. */
public enum RateLimitKind {
    /** No interval of one window's length, wherever it begins, holds more than its share: the API's own way. */
    SLIDING_WINDOW,
    /** A bucket that starts full, holds one window's worth and refills evenly: lets a burst pass. */
    TOKEN_BUCKET,
    /** Windows that follow one another: twice the rate can pass around a boundary. */
    FIXED_WINDOW,
    /** {@link #SLIDING_WINDOW} at about twice the successful rate of the past period, between a base and a cap. */
    DYNAMIC
}
