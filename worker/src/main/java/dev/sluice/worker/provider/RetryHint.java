package dev.sluice.worker.provider;

import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads from an answer's headers how long the API asks us to wait. The longest of {@code x-ratelimit-reset} (seconds),
 * {@code retry-after} (seconds) and {@code retry-after-ms} (milliseconds) counts.
 *
 * <p>Values are decimal numbers. A number too large for a duration is taken as a point in time, in epoch seconds or
 * epoch milliseconds. Any other text is ignored. That includes HTTP dates, which no provider of chat completions is
 * known to send.
 */
public final class RetryHint {
    /** The longest wait that is believed: a request that waits longer would be forgotten by its publisher. */
    static final Duration MAX = Duration.ofHours(1);

    private static final double EPOCH_SECONDS_FROM = 1e9;
    private static final double EPOCH_MILLIS_FROM = 1e12;

    private RetryHint() {}

    /**
     * Returns the wait that the headers ask for, or zero.
     *
     * @param headers values by lower-case name
     */
    public static Duration read(Map<String, String> headers, long nowMillis) {
        double seconds = Stream.of(
                        seconds(headers.get("x-ratelimit-reset"), 1, nowMillis),
                        seconds(headers.get("retry-after"), 1, nowMillis),
                        seconds(headers.get("retry-after-ms"), 0.001, nowMillis))
                .max(Double::compare)
                .orElse(0.0);
        return Duration.ofNanos((long) (Math.min(seconds, (double) MAX.toSeconds()) * 1e9));
    }

    private static double seconds(@Nullable String text, double unit, long nowMillis) {
        if (text == null) {
            return 0;
        }
        try {
            return positive(relative(Double.parseDouble(text.strip()), unit, nowMillis));
        } catch (NumberFormatException e) {
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
