package dev.sluice.sandbox;

import dev.sluice.sandbox.LimitVerdict.Dimension;
import dev.sluice.sandbox.LimitVerdict.Standing;
import org.jspecify.annotations.Nullable;

/**
 * Enforces the limit of one model. A call is charged in both dimensions or in neither. Each call passes the current
 * limit, so that it can change at any time. Earlier charges still count after a change, unless the kind changes. The
 * class is thread-safe.
 */
public final class ModelLimiter {
    /** The meter of one dimension and the successes that a dynamic limit follows. */
    private static final class Gauge {
        private RateMeter meter = RateMeter.of(RateLimitKind.SLIDING_WINDOW);
        private final DynamicRate successes = new DynamicRate();

        double rate(long now, RateLimit limit, double base, @Nullable Double cap) {
            return limit.kind() == RateLimitKind.DYNAMIC
                    ? successes.limit(now, limit.period().toNanos(), base, cap)
                    : base;
        }
    }

    private final Gauge requests = new Gauge();
    private final Gauge tokens = new Gauge();
    private RateLimitKind kind = RateLimitKind.SLIDING_WINDOW;

    /**
     * Requests admission for a call of {@code tokenCount} tokens at {@code now} (nanoseconds). The call is charged if
     * it is admitted.
     */
    public synchronized LimitVerdict admit(long now, long tokenCount, RateLimit limit) {
        follow(limit);
        RateAllowance requestAllowance =
                allowance(requests, now, limit, limit.requestsPerSecond(), limit.requestsCap());
        RateAllowance tokenAllowance = allowance(tokens, now, limit, limit.tokensPerSecond(), limit.tokensCap());
        long requestWait = wait(requests, now, 1, requestAllowance);
        long tokenWait = wait(tokens, now, tokenCount, tokenAllowance);
        if (requestWait == 0 && tokenWait == 0) {
            take(requests, now, 1, requestAllowance);
            take(tokens, now, tokenCount, tokenAllowance);
            return verdict(now, null, 0, limit);
        }
        Dimension refusedBy = requestWait > 0 ? Dimension.REQUESTS : Dimension.TOKENS;
        return verdict(now, refusedBy, Math.max(requestWait, tokenWait), limit);
    }

    /** Returns the state of the limit without requesting admission. */
    synchronized LimitVerdict look(long now, RateLimit limit) {
        follow(limit);
        return verdict(now, null, 0, limit);
    }

    /** Counts an admitted call as successful. A dynamic limit grows with successful calls. */
    public synchronized void succeeded(long now, long tokenCount, RateLimit limit) {
        if (limit.kind() == RateLimitKind.DYNAMIC) {
            requests.successes.succeeded(now, 1, limit.period().toNanos());
            tokens.successes.succeeded(now, tokenCount, limit.period().toNanos());
        }
    }

    private void follow(RateLimit limit) {
        if (limit.kind() != kind) {
            kind = limit.kind();
            requests.meter = RateMeter.of(kind);
            tokens.meter = RateMeter.of(kind);
        }
    }

    private static @Nullable RateAllowance allowance(
            Gauge gauge, long now, RateLimit limit, @Nullable Double base, @Nullable Double cap) {
        return base == null ? null : RateAllowance.of("rate", gauge.rate(now, limit, base, cap), limit.window());
    }

    private static long wait(Gauge gauge, long now, long amount, @Nullable RateAllowance allowance) {
        return allowance == null ? 0 : gauge.meter.waitNanos(now, amount, allowance);
    }

    private static void take(Gauge gauge, long now, long amount, @Nullable RateAllowance allowance) {
        if (allowance != null) {
            gauge.meter.take(now, amount, allowance);
        }
    }

    private LimitVerdict verdict(long now, @Nullable Dimension refusedBy, long waitNanos, RateLimit limit) {
        return new LimitVerdict(
                refusedBy,
                waitNanos,
                standing(requests, now, limit, limit.requestsPerSecond(), limit.requestsCap()),
                standing(tokens, now, limit, limit.tokensPerSecond(), limit.tokensCap()));
    }

    private static @Nullable Standing standing(
            Gauge gauge, long now, RateLimit limit, @Nullable Double base, @Nullable Double cap) {
        if (base == null) {
            return null;
        }
        double rate = gauge.rate(now, limit, base, cap);
        RateAllowance allowance = RateAllowance.of("rate", rate, limit.window());
        return new Standing(
                base, rate, gauge.meter.remaining(now, allowance), gauge.meter.waitNanos(now, 1, allowance));
    }
}
