package dev.sluice.worker.text;

import java.time.DateTimeException;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes durations in a short form ({@code 25s}, {@code 1h30m}), and reads ISO 8601 ({@code PT25S}). */
public final class Durations {
    static final String FORMS = "write 25s, 500ms, 5m, 1h30m, 7d or PT25S";

    private static final Pattern SHORT =
            Pattern.compile("(?:(\\d{1,9})d)?(?:(\\d{1,9})h)?(?:(\\d{1,9})m(?!s))?(?:(\\d{1,9})s)?(?:(\\d{1,9})ms)?");
    private static final long[] UNIT_MILLIS = {86_400_000L, 3_600_000L, 60_000L, 1_000L, 1L};
    private static final String[] UNIT_NAMES = {"d", "h", "m", "s", "ms"};

    private Durations() {}

    /**
     * Reads either form.
     *
     * @throws IllegalArgumentException if the text has neither form. The message names both.
     */
    public static Duration parse(String text) {
        String trimmed = text.strip();
        Matcher parts = SHORT.matcher(trimmed.toLowerCase(Locale.ROOT));
        if (!trimmed.isEmpty() && parts.matches()) {
            long millis = 0;
            for (int unit = 0; unit < UNIT_MILLIS.length; unit++) {
                String count = parts.group(unit + 1);
                millis += count == null ? 0 : Long.parseLong(count) * UNIT_MILLIS[unit];
            }
            return Duration.ofMillis(millis);
        }
        return parseIso(text, trimmed);
    }

    private static Duration parseIso(String text, String trimmed) {
        try {
            return Duration.parse(trimmed);
        } catch (DateTimeException e) {
            throw new IllegalArgumentException("'" + text + "' is no duration; " + FORMS, e);
        }
    }

    /**
     * Returns the short form to the millisecond, which {@link #parse} reads again. A negative duration has no short
     * form and is written as ISO 8601.
     */
    public static String format(Duration duration) {
        if (duration.isNegative()) {
            return duration.toString();
        }
        long rest = duration.toMillis();
        StringBuilder text = new StringBuilder();
        for (int unit = 0; unit < UNIT_MILLIS.length; unit++) {
            if (rest >= UNIT_MILLIS[unit]) {
                text.append(rest / UNIT_MILLIS[unit]).append(UNIT_NAMES[unit]);
                rest %= UNIT_MILLIS[unit];
            }
        }
        return text.isEmpty() ? "0s" : text.toString();
    }
}
