package dev.sluice.worker.pace;

import java.time.Duration;

/**
 * An amount per period, spread evenly over it. Immutable.
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

    /** Returns text such as {@code 10/s} or {@code 600/min}, with a word for the unit {@code 4000 tokens/s}. */
    String text(String unit) {
        String counted = unit.isEmpty() ? Long.toString(amount) : amount + " " + unit;
        if (period.equals(Duration.ofSeconds(1))) {
            return counted + "/s";
        }
        return counted + (period.equals(Duration.ofMinutes(1)) ? "/min" : "/" + period);
    }
}
