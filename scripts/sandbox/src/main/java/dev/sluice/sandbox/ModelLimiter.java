package dev.sluice.sandbox;

import dev.sluice.sandbox.LimitVerdict.Dimension;
import dev.sluice.sandbox.LimitVerdict.DimensionState;
import org.jspecify.annotations.Nullable;

/**
 * Enforces the limit of one model. A call is charged in both dimensions or in neither. Each call passes the current
 * limit, so that it can change at any time. Earlier charges still count after a change, unless the kind changes. The
 * class is thread-safe.
 */
public final class ModelLimiter {
    /** The meter of one dimension and the successes that a dynamic limit follows. */
    private static final class DimensionMeter {
        private RateMeter meter = RateMeter.of(RateLimitKind.SLIDING_WINDOW);
        private final DynamicRate successes = new DynamicRate();

        double rate(long now, RateLimit limit, double base, @Nullable Double cap) {
            return limit.kind() == RateLimitKind.DYNAMIC
                    ? successes.limit(now, limit.period().toNanos(), base, cap)
                    : base;
        }
    }

    private final DimensionMeter requests = new DimensionMeter();
    private final DimensionMeter tokens = new DimensionMeter();
    private RateLimitKind kind = RateLimitKind.SLIDING_WINDOW;

    /**
     * Requests admission for a call of {@code tokenCount} tokens at {@code now} (nanoseconds). The call is charged if
     * it is admitted.
     */
    public synchronized LimitVerdict admit(long now, long tokenCount, RateLimit limit) {
        switchKind(limit);
        RateAllowance requestAllowance =
                allowance(requests, now, limit, limit.requestsPerSecond(), limit.requestsCap());
        RateAllowance tokenAllowance = allowance(tokens, now, limit, limit.tokensPerSecond(), limit.tokensCap());
        long requestWait = wait(requests, now, 1, requestAllowance);
        long tokenWait = wait(tokens, now, tokenCount, tokenAllowance);
        if (requestWait == 0 && tokenWait == 0) {
            charge(requests, now, 1, requestAllowance);
            charge(tokens, now, tokenCount, tokenAllowance);
            return verdict(now, null, 0, limit);
        }
        Dimension rejectedBy = requestWait > 0 ? Dimension.REQUESTS : Dimension.TOKENS;
        return verdict(now, rejectedBy, Math.max(requestWait, tokenWait), limit);
    }

    /** Returns the state of the limit without requesting admission. */
    synchronized LimitVerdict peek(long now, RateLimit limit) {
        switchKind(limit);
        return verdict(now, null, 0, limit);
    }

    /** Counts an admitted call as successful. A dynamic limit grows with successful calls. */
    public synchronized void succeeded(long now, long tokenCount, RateLimit limit) {
        if (limit.kind() == RateLimitKind.DYNAMIC) {
            requests.successes.succeeded(now, 1, limit.period().toNanos());
            tokens.successes.succeeded(now, tokenCount, limit.period().toNanos());
        }
    }

    private void switchKind(RateLimit limit) {
        if (limit.kind() != kind) {
            kind = limit.kind();
            requests.meter = RateMeter.of(kind);
            tokens.meter = RateMeter.of(kind);
        }
    }

    private static @Nullable RateAllowance allowance(
            DimensionMeter dimension, long now, RateLimit limit, @Nullable Double base, @Nullable Double cap) {
        return base == null ? null : RateAllowance.of("rate", dimension.rate(now, limit, base, cap), limit.window());
    }

    private static long wait(DimensionMeter dimension, long now, long amount, @Nullable RateAllowance allowance) {
        return allowance == null ? 0 : dimension.meter.waitNanos(now, amount, allowance);
    }

    private static void charge(DimensionMeter dimension, long now, long amount, @Nullable RateAllowance allowance) {
        if (allowance != null) {
            dimension.meter.charge(now, amount, allowance);
        }
    }

    private LimitVerdict verdict(long now, @Nullable Dimension rejectedBy, long waitNanos, RateLimit limit) {
        return new LimitVerdict(
                rejectedBy,
                waitNanos,
                state(requests, now, limit, limit.requestsPerSecond(), limit.requestsCap()),
                state(tokens, now, limit, limit.tokensPerSecond(), limit.tokensCap()));
    }

    private static @Nullable DimensionState state(
            DimensionMeter dimension, long now, RateLimit limit, @Nullable Double base, @Nullable Double cap) {
        if (base == null) {
            return null;
        }
        double rate = dimension.rate(now, limit, base, cap);
        RateAllowance allowance = RateAllowance.of("rate", rate, limit.window());
        return new DimensionState(
                base, rate, dimension.meter.remaining(now, allowance), dimension.meter.waitNanos(now, 1, allowance));
    }
}
