package dev.sluice.worker.topics;

import java.util.Locale;

/**
 * One thing about an existing topic that is not as {@code topics create} would make it. Immutable.
 *
 * @param setting Kafka's name of it, or {@link #PARTITIONS}
 * @param remedy how it is changed, or why it cannot be
 */
public record TopicDifference(String topic, String setting, String actual, String planned, String remedy) {
    public static final String PARTITIONS = "partitions";

    /** For people. */
    public String sentence() {
        return topic + ": " + setting + " is " + readable(actual) + ", not " + readable(planned) + "; " + remedy;
    }

    /** Nobody reads milliseconds. */
    private String readable(String value) {
        if (!setting.equals(TopicPlan.RETENTION_MS)) {
            return value;
        }
        long millis = Long.parseLong(value);
        return value + " (" + (millis < 0 ? "forever" : typed(millis)) + ")";
    }

    /** In the largest unit that gives a whole number, as it is typed for {@code topics create}. */
    static String typed(long millis) {
        for (Unit unit : Unit.values()) {
            if (millis % unit.millis == 0) {
                return millis / unit.millis + unit.name().toLowerCase(Locale.ROOT);
            }
        }
        return millis + "ms";
    }

    private enum Unit {
        D(86_400_000),
        H(3_600_000),
        M(60_000),
        S(1_000);

        private final long millis;

        Unit(long millis) {
            this.millis = millis;
        }
    }
}
