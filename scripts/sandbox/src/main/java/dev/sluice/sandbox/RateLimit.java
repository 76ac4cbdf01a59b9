package dev.sluice.sandbox;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What one model may be asked for, in requests and in tokens (prompt and completion together). Immutable.
 *
 * <p>A call is charged when it arrives; a refused one is charged nothing. One that alone is larger than a whole window
 * passes when the window is empty, since otherwise it never could. A rate that isn't a whole number per window keeps its
 * average: 2.5 a second is enforced as 3 in 1.2 s.
 *
 * @param kind how it is enforced
 * @param requestsPerSecond null: unlimited; of {@link RateLimitKind#DYNAMIC} the base
 * @param tokensPerSecond null: unlimited; of {@link RateLimitKind#DYNAMIC} the base
 * @param window the window, 1 s at the API; of {@link RateLimitKind#TOKEN_BUCKET} the burst, as the time that its rate needs
 *     for it
 * @param requestsCap of {@link RateLimitKind#DYNAMIC} only: the highest rate per second; null: none
 * @param tokensCap of {@link RateLimitKind#DYNAMIC} only: the highest rate per second; null: none
 * @param period of {@link RateLimitKind#DYNAMIC} only: what the successful rate is measured over, an hour at the API
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

    /** No limit: every call passes. */
    public static final RateLimit NONE = sliding(null, null);

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException naming the value that is out of range
     */
    public RateLimit {
        positive("window", UnitSyntax.inRange("window", window, MAX_WINDOW));
        positive("period", UnitSyntax.inRange("period", period, MAX_PERIOD));
        check("requestsPerSecond", requestsPerSecond, requestsCap, window);
        check("tokensPerSecond", tokensPerSecond, tokensCap, window);
    }

    /** The API's own kind of limit: so much per sliding second; null: unlimited. */
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

    /** So many requests per sliding second, tokens unlimited. */
    public static RateLimit requests(double perSecond) {
        return sliding(perSecond, null);
    }

    /** So many tokens per sliding second, requests unlimited. */
    public static RateLimit tokens(double perSecond) {
        return sliding(null, perSecond);
    }

    public RateLimit withKind(RateLimitKind newKind) {
        return new RateLimit(newKind, requestsPerSecond, tokensPerSecond, window, requestsCap, tokensCap, period);
    }

    public RateLimit withWindow(Duration newWindow) {
        return new RateLimit(kind, requestsPerSecond, tokensPerSecond, newWindow, requestsCap, tokensCap, period);
    }

    /** This limit as {@link RateLimitKind#DYNAMIC}, its rates being the base; a null cap: none. */
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

    private static void positive(String name, Duration value) {
        if (value.isZero()) {
            throw new IllegalArgumentException(name + " is 0ms; it must be longer");
        }
    }

    private static void check(String name, @Nullable Double rate, @Nullable Double cap, Duration window) {
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
