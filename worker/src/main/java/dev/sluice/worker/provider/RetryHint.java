package dev.sluice.worker.provider;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads from an answer's headers how long the API asks us to wait. The longest of {@code x-ratelimit-reset} (seconds),
 * {@code retry-after} (seconds) and {@code retry-after-ms} (milliseconds) counts.
 *
 * <p>A value is one of the following, and any other text is ignored:
 *
 * <ul>
 *   <li>a decimal number; one too large for a duration is a point in time, in epoch seconds or epoch milliseconds
 *   <li>a duration with units, as in {@code 6m0s} or {@code 120ms}
 *   <li>an HTTP date in one of the three forms of RFC 9110, section 5.6.7
 * </ul>
 */
public final class RetryHint {
    /** The longest wait that is believed: a request that waits longer would be forgotten by its publisher. */
    static final Duration MAX = Duration.ofHours(1);

    private static final double EPOCH_SECONDS_FROM = 1e9;
    private static final double EPOCH_MILLIS_FROM = 1e12;

    private static final String DECIMAL = "([0-9]{1,9}(?:\\.[0-9]{1,9})?)";
    private static final Pattern WITH_UNITS = Pattern.compile("(?:" + DECIMAL + "d)?(?:" + DECIMAL + "h)?(?:" + DECIMAL
            + "m)?(?:" + DECIMAL + "s)?(?:" + DECIMAL + "ms)?");
    private static final double[] SECONDS_OF_UNITS = {86_400, 3_600, 60, 1, 0.001};

    /** The longest form of an HTTP date. A longer text is not worth parsing. */
    private static final int MAX_DATE_LENGTH = 40;

    /** A year of two digits that appears to be further in the future is one of the past century. */
    private static final int MAX_YEARS_AHEAD = 50;

    private static final DateTimeFormatter ASCTIME =
            DateTimeFormatter.ofPattern("EEE MMM ppd HH:mm:ss uuuu", Locale.US);

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

    /** Returns the seconds of a duration with units, or zero if the text is none. */
    static double secondsWithUnits(@Nullable String value) {
        Matcher units = WITH_UNITS.matcher(value == null ? "" : value.strip());
        return units.matches() ? withUnits(units) : 0;
    }

    private static double seconds(@Nullable String value, double unit, long nowMillis) {
        if (value == null || value.isBlank()) {
            return 0;
        }
        String text = value.strip();
        Matcher units = WITH_UNITS.matcher(text);
        if (units.matches()) {
            return withUnits(units);
        }
        OptionalDouble number = number(text);
        return positive(number.isPresent() ? relative(number.getAsDouble(), unit, nowMillis) : date(text, nowMillis));
    }

    private static double withUnits(Matcher units) {
        double seconds = 0;
        for (int i = 0; i < SECONDS_OF_UNITS.length; i++) {
            String count = units.group(i + 1);
            seconds += count == null ? 0 : Double.parseDouble(count) * SECONDS_OF_UNITS[i];
        }
        return seconds;
    }

    private static OptionalDouble number(String text) {
        try {
            return OptionalDouble.of(Double.parseDouble(text));
        } catch (NumberFormatException e) {
            return OptionalDouble.empty();
        }
    }

    private static double relative(double value, double unit, long nowMillis) {
        if (value >= EPOCH_MILLIS_FROM) {
            return (value - nowMillis) / 1000;
        }
        return value >= EPOCH_SECONDS_FROM ? value - nowMillis / 1000.0 : value * unit;
    }

    /** Returns the seconds until an HTTP date, or zero if the text is none. */
    private static double date(String text, long nowMillis) {
        if (text.length() > MAX_DATE_LENGTH) {
            return 0;
        }
        for (DateTimeFormatter form :
                new DateTimeFormatter[] {DateTimeFormatter.RFC_1123_DATE_TIME, rfc850(nowMillis), ASCTIME}) {
            try {
                // All three forms are in GMT, whether or not they say so.
                long at = LocalDateTime.parse(text, form)
                        .toInstant(ZoneOffset.UTC)
                        .toEpochMilli();
                return (at - nowMillis) / 1000.0;
            } catch (DateTimeException e) {
                // It may be in the next form.
            }
        }
        return 0;
    }

    private static DateTimeFormatter rfc850(long nowMillis) {
        int year = Instant.ofEpochMilli(nowMillis).atOffset(ZoneOffset.UTC).getYear();
        return new DateTimeFormatterBuilder()
                .appendPattern("EEEE, dd-MMM-")
                .appendValueReduced(ChronoField.YEAR, 2, 2, year + MAX_YEARS_AHEAD - 99)
                .appendPattern(" HH:mm:ss 'GMT'")
                .toFormatter(Locale.US);
    }

    private static double positive(double value) {
        return value > 0 && Double.isFinite(value) ? value : 0;
    }
}
