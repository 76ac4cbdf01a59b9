package dev.sluice.worker.cli.topics;

import dev.sluice.worker.topics.TopicDifference;
import dev.sluice.worker.topics.TopicPlan;
import dev.sluice.worker.topics.TopicState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Finds what {@code topics create} would make differently, for {@code create} and {@code describe} alike. */
final class TopicDifferences {
    private TopicDifferences() {}

    /**
     * Returns the differences of all existing topics, in the order of the plans.
     *
     * @param width the partitions that each input topic should have
     */
    static List<TopicDifference> of(List<TopicPlan> plans, Map<String, TopicState> states, int width) {
        List<TopicDifference> differences = new ArrayList<>();
        for (TopicPlan plan : plans) {
            TopicState state = states.get(plan.name());
            if (state != null) {
                differences.addAll(plan.differences(state));
                if (plan.input() && state.partitions() != width) {
                    differences.add(widthDifference(plan.name(), state.partitions(), width));
                }
            }
        }
        return differences;
    }

    private static TopicDifference widthDifference(String topic, int actual, int width) {
        return new TopicDifference(
                topic,
                TopicDifference.PARTITIONS,
                Integer.toString(actual),
                Integer.toString(width),
                actual > width
                        ? "Kafka can't take partitions away"
                        : "to widen it to the widest input topic: sluice topics create --partitions " + width);
    }

    /** Returns the partitions of the widest input topic, or 0 if no input topic exists. */
    static int widest(List<TopicPlan> plans, Map<String, TopicState> states) {
        return plans.stream()
                .filter(plan -> plan.input() && states.containsKey(plan.name()))
                .mapToInt(plan -> states.get(plan.name()).partitions())
                .max()
                .orElse(0);
    }
}
