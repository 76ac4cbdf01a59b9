package dev.sluice.worker.outcome;

import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * How long an answer asks us to wait: the longest of {@code x-ratelimit-reset} and {@code retry-after} (seconds) and
 * {@code retry-after-ms}.
 *
 * <p>Read as decimal numbers; a number that can only be a point in time, as epoch seconds or milliseconds, is understood
 * as one. What is no number says nothing, an HTTP date included: no provider of chat completions is known to send one.
 */
final class WaitHint {
    /** A server that asks for more is not believed: the request would be lost to sight. */
    static final Duration LONGEST = Duration.ofHours(1);

    private static final double EPOCH_SECONDS_FROM = 1e9;
    private static final double EPOCH_MILLIS_FROM = 1e12;

    private WaitHint() {}

    /** @param headers by lower-case name; zero where there is no hint */
    static Duration of(Map<String, String> headers, long nowMillis) {
        double seconds = Stream.of(
                        seconds(headers.get("x-ratelimit-reset"), 1, nowMillis),
                        seconds(headers.get("retry-after"), 1, nowMillis),
                        seconds(headers.get("retry-after-ms"), 0.001, nowMillis))
                .max(Double::compare)
                .orElse(0.0);
        return Duration.ofNanos((long) (Math.min(seconds, (double) LONGEST.toSeconds()) * 1e9));
    }

    private static double seconds(@Nullable String text, double unit, long nowMillis) {
        if (text == null) {
            return 0;
        }
        try {
            return positive(relative(Double.parseDouble(text.strip()), unit, nowMillis));
        } catch (NumberFormatException noNumber) {
            return 0;
        }
    }

    private static double relative(double value, double unit, long nowMillis) {
        if (value >= EPOCH_MILLIS_FROM) {
            return (value - nowMillis) / 1000;
        }
        return value >= EPOCH_SECONDS_FROM ? value - nowMillis / 1000.0 : value * unit;
    }

    private static double positive(double value) {
        return value > 0 && Double.isFinite(value) ? value : 0;
    }
}
