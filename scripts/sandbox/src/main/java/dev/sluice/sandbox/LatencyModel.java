package dev.sluice.sandbox;

import java.time.Duration;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The time a call waits before the headers of its answer. It is immutable. The text forms are {@code 250ms},
 * {@code 100ms..2s} and {@code lognormal(800ms,0.6)}.
 */
public sealed interface LatencyModel {
    /** The longest possible latency. Longer draws are cut to it. */
    Duration MAX = Duration.ofHours(1);

    /** The model without any wait. */
    LatencyModel NONE = new Fixed(Duration.ZERO);

    /** Returns the next wait, between 0 and {@link #MAX}. */
    Duration draw(RandomGenerator random);

    /** A constant wait. */
    record Fixed(Duration value) implements LatencyModel {
        public Fixed {
            UnitSyntax.inRange("latency", value, MAX);
        }

        @Override
        public Duration draw(RandomGenerator random) {
            return value;
        }

        @Override
        public String toString() {
            return UnitSyntax.text(value);
        }
    }

    /** A uniformly distributed wait between two bounds, both included. */
    record Uniform(Duration min, Duration max) implements LatencyModel {
        public Uniform {
            UnitSyntax.inRange("latency's minimum", min, max);
            UnitSyntax.inRange("latency's maximum", max, MAX);
        }

        @Override
        public Duration draw(RandomGenerator random) {
            return Duration.ofNanos(random.nextLong(min.toNanos(), max.toNanos() + 1));
        }

        @Override
        public String toString() {
            return UnitSyntax.text(min) + ".." + UnitSyntax.text(max);
        }
    }

    /**
     * A log-normally distributed wait, the long-tailed shape of real calls. Half of the calls take less than
     * {@code median}.
     *
     * @param sigma the standard deviation of the wait's logarithm, 0 to 5; 0.6 puts one call in a hundred above four
     *     times the median
     */
    record LogNormal(Duration median, double sigma) implements LatencyModel {
        private static final Pattern FORM = Pattern.compile("lognormal\\(([^,]+),(\\d+(?:\\.\\d+)?)\\)");

        public LogNormal {
            UnitSyntax.inRange("latency's median", median, MAX);
            if (!(sigma >= 0 && sigma <= 5)) {
                throw new IllegalArgumentException("latency's sigma is " + sigma + "; it must lie between 0 and 5");
            }
        }

        @Override
        public Duration draw(RandomGenerator random) {
            double nanos = median.toNanos() * Math.exp(sigma * random.nextGaussian());
            return Duration.ofNanos((long) Math.min(nanos, (double) MAX.toNanos()));
        }

        @Override
        public String toString() {
            return "lognormal(" + UnitSyntax.text(median) + "," + sigma + ")";
        }
    }

    /**
     * Reads one of the three forms above.
     *
     * @throws IllegalArgumentException if {@code text} has none of them
     */
    static LatencyModel parse(String text) {
        Matcher logNormal = LogNormal.FORM.matcher(text);
        if (logNormal.matches()) {
            return new LogNormal(UnitSyntax.duration(logNormal.group(1)), Double.parseDouble(logNormal.group(2)));
        }
        int dots = text.indexOf("..");
        if (dots >= 0) {
            return new Uniform(
                    UnitSyntax.duration(text.substring(0, dots)), UnitSyntax.duration(text.substring(dots + 2)));
        }
        return new Fixed(UnitSyntax.duration(text));
    }

    static LatencyModel fixed(Duration value) {
        return new Fixed(value);
    }
}
