package dev.sluice.worker.pace;

import java.time.Duration;

/**
 * So much in every {@code period}, spread evenly. Immutable.
 *
 * @param amount at least 1
 * @param period more than zero
 */
public record Rate(long amount, Duration period) {
    public Rate {
        if (amount < 1 || period.isNegative() || period.isZero()) {
            throw new IllegalArgumentException(
                    "a rate needs an amount of at least 1 and a period, is " + amount + " in " + period);
        }
    }

    public double perSecond() {
        return amount * 1e9 / period.toNanos();
    }

    /** Such as {@code 10/s} or {@code 600/min}; with a word for what is counted, {@code 4000 tokens/s}. */
    String text(String word) {
        String counted = word.isEmpty() ? Long.toString(amount) : amount + " " + word;
        if (period.equals(Duration.ofSeconds(1))) {
            return counted + "/s";
        }
        return counted + (period.equals(Duration.ofMinutes(1)) ? "/min" : "/" + period);
    }
}
