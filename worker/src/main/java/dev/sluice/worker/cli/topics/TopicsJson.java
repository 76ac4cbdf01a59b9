package dev.sluice.worker.cli.topics;

import dev.sluice.worker.topics.TopicCheck;
import dev.sluice.worker.topics.TopicDifference;
import dev.sluice.worker.topics.TopicPlan;
import dev.sluice.worker.topics.TopicState;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes a queue's topics as one JSON object. Scripts rely on the names, so fields are added and never renamed. */
final class TopicsJson {
    private static final JsonMapper JSON = JsonMapper.shared();

    private TopicsJson() {}

    /** Returns the object on one line. */
    static String of(
            String queue,
            List<TopicPlan> plans,
            Map<String, TopicState> states,
            TopicCheck check,
            List<TopicDifference> differences) {
        ObjectNode root = JSON.createObjectNode().put("queue", queue);
        ArrayNode topics = root.putArray("topics");
        plans.forEach(plan -> topics.add(topic(plan, states, differences)));
        ArrayNode errors = root.putArray("errors");
        check.refusals().forEach(errors::add);
        ArrayNode warnings = root.putArray("warnings");
        check.warnings().forEach(warnings::add);
        return root.toString();
    }

    private static ObjectNode topic(TopicPlan plan, Map<String, TopicState> states, List<TopicDifference> differences) {
        TopicState state = states.get(plan.name());
        ObjectNode node = JSON.createObjectNode().put("topic", plan.name()).put("exists", state != null);
        if (state == null) {
            return node;
        }
        node.put("partitions", state.partitions()).put("replication", state.replication());
        ObjectNode settings = node.putObject("settings");
        new TreeMap<>(state.settings()).forEach(settings::put);
        ArrayNode own = node.putArray("differences");
        differences.stream()
                .filter(each -> each.topic().equals(plan.name()))
                .forEach(each -> own.addObject()
                        .put("setting", each.setting())
                        .put("actual", each.actual())
                        .put("planned", each.planned())
                        .put("remedy", each.remedy()));
        return node;
    }
}
