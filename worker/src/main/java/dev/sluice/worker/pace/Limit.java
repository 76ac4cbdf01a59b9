package dev.sluice.worker.pace;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How many requests of one model may be sent: {@code requests} in every {@code period}, spread evenly.
 *
 * <p>Together AI enforces its limits per second even where it displays them per minute, so a limit per minute is paced
 * per second too. Immutable.
 *
 * @param requests at least 1; {@link Long#MAX_VALUE} in {@link #NONE}
 * @param period the time in which they may be sent, more than zero
 */
public record Limit(long requests, Duration period) {
    /** Not paced at all: only the number of calls under way is bounded. */
    public static final Limit NONE = new Limit(Long.MAX_VALUE, Duration.ofSeconds(1));

    /** The rate Together AI grants at the very least, before it has seen any traffic. */
    public static final Limit BASE = new Limit(60, Duration.ofMinutes(1));

    private static final long MAX_PER_SECOND = 1_000_000;
    private static final Pattern FORM = Pattern.compile("(\\d{1,9}) ?/ ?(s|min)");

    public Limit {
        if (requests < 1 || period.isNegative() || period.isZero()) {
            throw new IllegalArgumentException(
                    "a limit needs at least 1 request and a period, is " + requests + " in " + period);
        }
    }

    /**
     * Reads {@code 10/s}, {@code 600/min} or {@code none}.
     *
     * @throws IllegalArgumentException naming the text and the forms that are understood
     */
    public static Limit parse(String text) {
        String trimmed = text.strip().toLowerCase(Locale.ROOT);
        if (trimmed.equals("none")) {
            return NONE;
        }
        Matcher form = FORM.matcher(trimmed);
        if (!form.matches()) {
            throw new IllegalArgumentException("limit '" + text + "' is none of 10/s, 600/min, none");
        }
        if (Long.parseLong(form.group(1)) == 0) {
            throw new IllegalArgumentException("limit '" + text + "' lets nothing pass; the least is 1/min");
        }
        Duration period = form.group(2).equals("s") ? Duration.ofSeconds(1) : Duration.ofMinutes(1);
        Limit limit = new Limit(Long.parseLong(form.group(1)), period);
        if (limit.perSecond() > MAX_PER_SECOND) {
            throw new IllegalArgumentException(
                    "limit '" + text + "' is above " + MAX_PER_SECOND + "/s; say none if the model has no limit");
        }
        return limit;
    }

    public boolean isNone() {
        return equals(NONE);
    }

    public double perSecond() {
        return requests * 1e9 / period.toNanos();
    }

    /** As {@link #parse} reads it, where it can. */
    @Override
    public String toString() {
        if (isNone()) {
            return "none";
        }
        if (period.equals(Duration.ofSeconds(1))) {
            return requests + "/s";
        }
        return requests + (period.equals(Duration.ofMinutes(1)) ? "/min" : "/" + period);
    }
}
