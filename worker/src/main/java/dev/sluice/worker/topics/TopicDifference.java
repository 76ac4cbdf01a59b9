package dev.sluice.worker.topics;

import dev.sluice.wire.Topics;
import dev.sluice.worker.text.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.TopicConfig;

/**
 * A difference between an existing topic and what {@code topics create} would make. Immutable.
 *
 * @param setting Kafka's name of the setting, or {@link #PARTITIONS}
 * @param remedy how to change the setting, or why that is impossible
 */
public record TopicDifference(String topic, String setting, String actual, String planned, String remedy) {
    public static final String PARTITIONS = "partitions";

    /**
     * Returns all differences of the existing topics, in the order of the plans.
     *
     * @param bundles the number of bundles of which each input topic ought to have the partitions
     */
    public static List<TopicDifference> of(
            Topics topics, List<TopicPlan> plans, Map<String, TopicState> states, int bundles) {
        List<TopicDifference> differences = new ArrayList<>();
        for (TopicPlan plan : plans) {
            TopicState state = states.get(plan.name());
            if (state != null) {
                differences.addAll(plan.differences(state));
                if (plan.content().isInput() && state.partitions() != plan.partitions(bundles)) {
                    differences.add(ofPartitions(topics, plan, state.partitions(), bundles));
                }
            }
        }
        return differences;
    }

    private static TopicDifference ofPartitions(Topics topics, TopicPlan plan, int actual, int bundles) {
        int planned = plan.partitions(bundles);
        return new TopicDifference(
                plan.name(),
                PARTITIONS,
                Integer.toString(actual),
                Integer.toString(planned),
                actual > planned
                        ? "Kafka can't take partitions away"
                        : "to widen it to the widest input topic: " + TopicCheck.create(topics) + " --partitions "
                                + bundles);
    }

    /** Returns the number of bundles that the widest input topic needs, or 0 if none exists. */
    public static int widest(List<TopicPlan> plans, Map<String, TopicState> states) {
        return plans.stream()
                .filter(plan -> plan.content().isInput() && states.containsKey(plan.name()))
                .mapToInt(plan -> TopicPlan.bundles(states.get(plan.name()).partitions(), plan.partitionsPerBundle()))
                .max()
                .orElse(0);
    }

    /** Returns a sentence with the topic, both values and the remedy. */
    public String sentence() {
        return topic + ": " + setting + " is " + readable(actual) + ", not " + readable(planned) + "; " + remedy;
    }

    private String readable(String value) {
        if (!setting.equals(TopicConfig.RETENTION_MS_CONFIG) && !setting.equals(TopicConfig.SEGMENT_MS_CONFIG)) {
            return value;
        }
        long millis = Long.parseLong(value);
        return value + " (" + (millis < 0 ? "forever" : Durations.format(Duration.ofMillis(millis))) + ")";
    }
}
