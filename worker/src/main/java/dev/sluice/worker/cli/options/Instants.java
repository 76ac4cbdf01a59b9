package dev.sluice.worker.cli.options;

import dev.sluice.worker.text.Durations;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;

/** Reads and writes points in time, as an instant or as a distance from now. */
public final class Instants {
    private static final Duration FARTHEST = Duration.ofDays(36_500);

    private Instants() {}

    /**
     * Reads {@code 2026-01-31T08:00:00Z}, {@code 2026-01-31T08:00:00+02:00}, or a duration of {@link Durations} before
     * {@code now}.
     *
     * @throws IllegalArgumentException if the text has no such form. The message names the accepted forms.
     */
    static Instant parse(String text, Instant now) {
        Optional<Instant> moment = moment(text);
        return moment.isPresent() ? moment.get() : now.minus(distance(text, "how long ago it was", "ago"));
    }

    /**
     * Reads a moment as {@link #parse} does, or a duration of {@link Durations} after {@code now}.
     *
     * @throws IllegalArgumentException if the text has no such form. The message names the accepted forms.
     */
    static Instant parseAhead(String text, Instant now) {
        Optional<Instant> moment = moment(text);
        return moment.isPresent() ? moment.get() : now.plus(distance(text, "how long from now it is", "from now"));
    }

    private static Optional<Instant> moment(String text) {
        try {
            return Optional.of(OffsetDateTime.parse(text.strip()).toInstant());
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }

    private static Duration distance(String text, String remedy, String direction) {
        Duration distance;
        try {
            distance = Durations.parse(text);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no moment; write 2026-01-31T08:00:00Z, or " + remedy + ": 2h, 1h30m, 7d", e);
        }
        if (distance.isNegative() || distance.compareTo(FARTHEST) > 0) {
            throw new IllegalArgumentException("'" + text + "' " + direction + " is not between now and 100 years "
                    + direction + "; write it such as 2h or 7d");
        }
        return distance;
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
