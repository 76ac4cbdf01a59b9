package dev.sluice.worker.cli.options;

import dev.sluice.worker.text.Durations;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;

/** Reads and writes points in time, as an instant or as how long ago it was. */
public final class Instants {
    private static final Duration LONGEST_AGO = Duration.ofDays(36_500);

    private Instants() {}

    /**
     * Reads {@code 2026-01-31T08:00:00Z}, {@code 2026-01-31T08:00:00+02:00}, or a duration of {@link Durations} before
     * {@code now}.
     *
     * @throws IllegalArgumentException if the text has no such form. The message names the accepted forms.
     */
    static Instant parse(String text, Instant now) {
        try {
            return OffsetDateTime.parse(text.strip()).toInstant();
        } catch (DateTimeException e) {
            return now.minus(ago(text));
        }
    }

    private static Duration ago(String text) {
        Duration ago;
        try {
            ago = Durations.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no moment; write 2026-01-31T08:00:00Z, or how long ago it was: 2h, 1h30m, 7d",
                    e);
        }
        if (ago.isNegative() || ago.compareTo(LONGEST_AGO) > 0) {
            throw new IllegalArgumentException(
                    "'" + text + "' ago is not between now and 100 years ago; write it such as 2h or 7d");
        }
        return ago;
    }

    /** Returns how long ago that was, in its two largest units. */
    public static String ago(Instant moment, Instant now) {
        Duration age = Duration.between(moment, now);
        if (age.isNegative()) {
            return "0s";
        }
        long unit = age.toHours() < 1 ? 1 : age.toDays() < 1 ? 60 : 3_600;
        return Durations.format(Duration.ofSeconds(age.toSeconds() / unit * unit));
    }
}
