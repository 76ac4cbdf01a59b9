package dev.sluice.worker.pace;

import java.time.Duration;
import java.util.Map;
import java.util.Objects;

/**
 * An amount per period, spread evenly over it. Immutable.
 *
 * @param amount at least 1
 * @param period more than zero
 */
public record Rate(long amount, Duration period) {
    private static final Map<String, Duration> PERIODS = Map.of(
            "s", Duration.ofSeconds(1),
            "min", Duration.ofMinutes(1),
            "h", Duration.ofHours(1),
            "day", Duration.ofDays(1));

    public Rate {
        if (amount < 1 || period.isNegative() || period.isZero()) {
            throw new IllegalArgumentException(
                    "a rate needs an amount of at least 1 and a period, is " + amount + " in " + period);
        }
    }

    public double perSecond() {
        return amount * 1e9 / period.toNanos();
    }

    /** Returns the period that a word names: {@code s}, {@code min}, {@code h} or {@code day}. */
    static Duration period(String word) {
        return Objects.requireNonNull(PERIODS.get(word), word);
    }

    /** Returns text such as {@code 10/s} or {@code 50/day}, with a word for the unit {@code 4000 tokens/s}. */
    String text(String unit) {
        String counted = unit.isEmpty() ? Long.toString(amount) : amount + " " + unit;
        return counted + "/"
                + PERIODS.entrySet().stream()
                        .filter(word -> word.getValue().equals(period))
                        .map(Map.Entry::getKey)
                        .findAny()
                        .orElseGet(period::toString);
    }
}
