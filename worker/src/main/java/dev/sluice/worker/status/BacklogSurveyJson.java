package dev.sluice.worker.status;

import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes who waits as JSON. Stateless. */
public final class BacklogSurveyJson {
    private BacklogSurveyJson() {}

    /** Returns an object with the counts and the largest tenants. */
    public static ObjectNode tree(BacklogSurvey.Result counted) {
        ObjectNode tree = JsonMapper.shared()
                .createObjectNode()
                .put("requests", counted.requests())
                .put("tenants", counted.tenants())
                .put("not_told", counted.notTold());
        ArrayNode largest = tree.putArray("largest");
        counted.largest()
                .forEach(each -> largest.addObject()
                        .put("tenant", each.tenant().isEmpty() ? null : each.tenant())
                        .put("requests", each.requests())
                        .put("model", each.model().isEmpty() ? null : each.model())
                        .put("models", each.models())
                        .put("oldest", each.oldest().toString()));
        ArrayNode problems = tree.putArray("problems");
        counted.problems().forEach(problems::add);
        return tree;
    }
}
