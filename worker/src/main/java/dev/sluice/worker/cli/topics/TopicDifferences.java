package dev.sluice.worker.cli.topics;

import dev.sluice.worker.topics.TopicDifference;
import dev.sluice.worker.topics.TopicPlan;
import dev.sluice.worker.topics.TopicState;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code topics create} would have made otherwise: one answer for {@code create} and {@code describe}. */
final class TopicDifferences {
    private TopicDifferences() {}

    /**
     * In the order of the plans; of topics that do not exist, nothing.
     *
     * @param width partitions that each input topic ought to have
     */
    static List<TopicDifference> of(List<TopicPlan> plans, Map<String, TopicState> states, int width) {
        List<TopicDifference> differences = new ArrayList<>();
        for (TopicPlan plan : plans) {
            TopicState state = states.get(plan.name());
            if (state != null) {
                differences.addAll(plan.differences(state));
                if (plan.input() && state.partitions() != width) {
                    differences.add(ofWidth(plan.name(), state.partitions(), width));
                }
            }
        }
        return differences;
    }

    private static TopicDifference ofWidth(String topic, int actual, int width) {
        return new TopicDifference(
                topic,
                TopicDifference.PARTITIONS,
                Integer.toString(actual),
                Integer.toString(width),
                actual > width
                        ? "Kafka can't take partitions away"
                        : "to widen it to the widest input topic: sluice topics create --partitions " + width);
    }

    /** The partitions of the widest input topic; 0 where there is none. */
    static int widest(List<TopicPlan> plans, Map<String, TopicState> states) {
        return plans.stream()
                .filter(plan -> plan.input() && states.containsKey(plan.name()))
                .mapToInt(plan -> states.get(plan.name()).partitions())
                .max()
                .orElse(0);
    }
}
