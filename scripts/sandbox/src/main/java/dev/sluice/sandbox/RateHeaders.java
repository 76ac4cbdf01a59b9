package dev.sluice.sandbox;

import dev.sluice.sandbox.LimitVerdict.DimensionState;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Makes the rate-limit headers of one answer. */
final class RateHeaders {
    static final String RESET = "x-ratelimit-reset";
    static final String RETRY_AFTER = "retry-after";

    private RateHeaders() {}

    static Map<String, String> of(int status, StandInSettings.Limits limits, LimitVerdict verdict) {
        Map<String, String> headers = new LinkedHashMap<>();
        if (limits.headers() == HeaderMode.ALL) {
            putDimension(headers, "x-ratelimit", verdict.requests());
            putDimension(headers, "x-tokenlimit", verdict.tokens());
            if (verdict.requests() != null) {
                headers.put(RESET, reset(status, limits, verdict));
            }
        }
        if (limits.headers() != HeaderMode.NONE && status == 429) {
            headers.put(RESET, reset(status, limits, verdict));
        }
        if (limits.retryAfter() != null && (status == 429 || status == 503)) {
            headers.put(RETRY_AFTER, decimal(limits.retryAfter()));
        }
        return headers;
    }

    private static void putDimension(Map<String, String> headers, String prefix, @Nullable DimensionState state) {
        if (state != null) {
            headers.put(prefix + "-limit", decimal(state.base()));
            headers.put(prefix + "-remaining", Long.toString(state.remaining()));
            headers.put(prefix + "-limit-dynamic", decimal(state.current()));
            headers.put(prefix + "-remaining-dynamic", Long.toString(state.remaining()));
        }
    }

    private static String reset(int status, StandInSettings.Limits limits, LimitVerdict verdict) {
        if (limits.reset() != null) {
            return decimal(limits.reset());
        }
        long wait = verdict.waitNanos();
        if (status != 429 && verdict.requests() != null) {
            wait = verdict.requests().waitNanos();
        }
        // Rounded up, so that a caller who waits that long finds room.
        return decimal(-Math.floorDiv(-wait, 1_000_000L) / 1000.0);
    }

    /**
     * Formats a number without an exponent and without a trailing {@code .0}, for example {@code 2} or {@code 0.347}.
     */
    static String decimal(double value) {
        BigDecimal rounded = BigDecimal.valueOf(Math.round(value * 1000), 3);
        return rounded.signum() == 0 ? "0" : rounded.stripTrailingZeros().toPlainString();
    }
}
