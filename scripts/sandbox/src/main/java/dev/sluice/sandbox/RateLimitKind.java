package dev.sluice.sandbox;

/** The way a {@link RateLimit} is enforced. */
public enum RateLimitKind {
    /** Limits every interval of one window's length, wherever it begins. The API works this way. */
    SLIDING_WINDOW,
    /** A bucket starts full, holds one window's worth and refills evenly. Bursts pass. */
    TOKEN_BUCKET,
    /** Windows follow one another. Twice the rate can pass around a boundary. */
    FIXED_WINDOW,
    /** A {@link #SLIDING_WINDOW} at about twice the successful rate of the past period, between a base and a cap. */
    DYNAMIC
}
