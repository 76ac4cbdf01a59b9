package dev.sluice.sandbox;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes durations and sizes such as {@code 250ms}, {@code 2s}, {@code PT2S} and {@code 10MB}. */
final class UnitSyntax {
    private static final Pattern DURATION = Pattern.compile("(\\d{1,12})(ms|s|m|h)");
    private static final Pattern SIZE = Pattern.compile("(\\d{1,10})(B|KB|MB|GB)?", Pattern.CASE_INSENSITIVE);

    private UnitSyntax() {}

    static Duration duration(String text) {
        Matcher matcher = DURATION.matcher(text);
        if (!matcher.matches()) {
            return isoDuration(text);
        }
        long amount = Long.parseLong(matcher.group(1));
        return switch (matcher.group(2)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            default -> Duration.ofHours(amount);
        };
    }

    private static Duration isoDuration(String text) {
        try {
            return Duration.parse(text);
        } catch (DateTimeParseException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is not a duration; write for example 250ms, 2s, 1m or PT2S", e);
        }
    }

    /** Returns the shortest text that {@link #duration} reads back unchanged. */
    static String text(Duration duration) {
        boolean exact =
                !duration.isNegative() && Duration.ofMillis(duration.toMillis()).equals(duration);
        return exact ? duration.toMillis() + "ms" : duration.toString();
    }

    /** Returns {@code duration} if it is between 0 and {@code max}. Otherwise it throws. */
    static Duration inRange(String name, Duration duration, Duration max) {
        if (duration.isNegative() || duration.compareTo(max) > 0) {
            throw new IllegalArgumentException(
                    name + " is " + text(duration) + "; it must lie between 0ms and " + text(max));
        }
        return duration;
    }

    /** Reads a size and returns it in bytes. The units are powers of 1024. */
    static long bytes(String text) {
        Matcher matcher = SIZE.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("'" + text + "' is not a size; write for example 1000, 64KB or 10MB");
        }
        String unit = matcher.group(2) == null ? "B" : matcher.group(2).toUpperCase(Locale.ROOT);
        return Long.parseLong(matcher.group(1)) << (10 * "BKMG".indexOf(unit.charAt(0)));
    }
}
