package dev.sluice.worker.intake;

import java.time.Duration;

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
        Duration retention = Duration.ofMillis(Long.parseLong(value));
        if (retention.isNegative()) {
            return value + " (forever)";
        }
        boolean wholeDays = retention.toMillis() % Duration.ofDays(1).toMillis() == 0;
        return value + (wholeDays ? " (" + retention.toDays() + "d)" : "");
    }
}
