package dev.sluice.sandbox;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A limit for one model in requests and in tokens, prompt and completion together. It is immutable.
 *
 * <p>A call is charged on arrival. A rejected call is not charged. A call that alone is larger than a whole window
 * passes when the window is empty, because it could never pass otherwise. A rate that is not a whole number per window
 * keeps its average: 2.5 a second is enforced as 3 in 1.2 s.
 *
 * @param kind how the limit is enforced
 * @param requestsPerSecond the rate, or the base of {@link RateLimitKind#DYNAMIC}; null is unlimited
 * @param tokensPerSecond the rate, or the base of {@link RateLimitKind#DYNAMIC}; null is unlimited
 * @param window the window, 1 s at the API. For {@link RateLimitKind#TOKEN_BUCKET} it is the burst, expressed as the
 *     time to refill it.
 * @param requestsCap the highest rate per second of {@link RateLimitKind#DYNAMIC}; null is no cap
 * @param tokensCap the highest rate per second of {@link RateLimitKind#DYNAMIC}; null is no cap
 * @param period the period of {@link RateLimitKind#DYNAMIC} over which the successful rate is measured, an hour at the
 *     API
 */
public record RateLimit(
        RateLimitKind kind,
        @Nullable Double requestsPerSecond,
        @Nullable Double tokensPerSecond,
        Duration window,
        @Nullable Double requestsCap,
        @Nullable Double tokensCap,
        Duration period) {
    private static final Duration MAX_WINDOW = Duration.ofHours(1);
    private static final Duration MAX_PERIOD = Duration.ofDays(1);

    /** The absence of a limit. Every call passes. */
    public static final RateLimit NONE = sliding(null, null);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException with the value that is out of range
     */
    public RateLimit {
        requirePositive("window", UnitSyntax.inRange("window", window, MAX_WINDOW));
        requirePositive("period", UnitSyntax.inRange("period", period, MAX_PERIOD));
        checkRate("requestsPerSecond", requestsPerSecond, requestsCap, window);
        checkRate("tokensPerSecond", tokensPerSecond, tokensCap, window);
    }

    /** Makes the API's own kind of limit, over a sliding second. Null is unlimited. */
    public static RateLimit sliding(@Nullable Double requestsPerSecond, @Nullable Double tokensPerSecond) {
        return new RateLimit(
                RateLimitKind.SLIDING_WINDOW,
                requestsPerSecond,
                tokensPerSecond,
                Duration.ofSeconds(1),
                null,
                null,
                Duration.ofHours(1));
    }

    /** Limits requests over a sliding second. Tokens are unlimited. */
    public static RateLimit requests(double perSecond) {
        return sliding(perSecond, null);
    }

    /** Limits tokens over a sliding second. Requests are unlimited. */
    public static RateLimit tokens(double perSecond) {
        return sliding(null, perSecond);
    }

    public RateLimit withKind(RateLimitKind newKind) {
        return new RateLimit(newKind, requestsPerSecond, tokensPerSecond, window, requestsCap, tokensCap, period);
    }

    public RateLimit withWindow(Duration newWindow) {
        return new RateLimit(kind, requestsPerSecond, tokensPerSecond, newWindow, requestsCap, tokensCap, period);
    }

    /** Returns this limit as {@link RateLimitKind#DYNAMIC} with its rates as the base. A null cap is no cap. */
    public RateLimit dynamic(@Nullable Double newRequestsCap, @Nullable Double newTokensCap, Duration newPeriod) {
        return new RateLimit(
                RateLimitKind.DYNAMIC,
                requestsPerSecond,
                tokensPerSecond,
                window,
                newRequestsCap,
                newTokensCap,
                newPeriod);
    }

    private static void requirePositive(String name, Duration value) {
        if (value.isZero()) {
            throw new IllegalArgumentException(name + " is 0ms; it must be longer");
        }
    }

    private static void checkRate(String name, @Nullable Double rate, @Nullable Double cap, Duration window) {
        if (rate != null) {
            RateAllowance.of(name, rate, window);
        }
        if (cap != null) {
            RateAllowance.of("the cap of " + name, cap, window);
        }
        if (rate != null && cap != null && cap < rate) {
            throw new IllegalArgumentException(name + " is " + rate + ", above its cap of " + cap);
        }
    }
}
