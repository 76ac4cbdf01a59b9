package dev.sluice.sandbox;

import java.util.List;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;

/**
 * Lists models as Together AI's API does: a bare array, whose objects have an organization and prices, and no
 * {@code owned_by}.
 */
final class SampleModels {
    static final String PATH = "/v1/models";

    /** The models of a stand-in that accepts every name. */
    private static final List<String> SOME =
            List.of("meta-llama/Llama-3.3-70B-Instruct-Turbo", "openai/gpt-oss-120b", "openai/gpt-oss-20b");

    private static final int CONTEXT_LENGTH = 131_072;
    private static final long CREATED = 1_754_351_413;

    private SampleModels() {}

    /** @param known the models that are accepted; empty if all are */
    static PlannedAnswer list(Set<String> known) {
        ArrayNode models = JsonMapper.shared().createArrayNode();
        (known.isEmpty() ? SOME : known.stream().sorted().toList()).forEach(id -> add(id, models));
        return PlannedAnswer.json(200, Map.of(), models.toString());
    }

    private static void add(String id, ArrayNode models) {
        String[] names = id.split("/", 2);
        models.addObject()
                .put("id", id)
                .put("object", "model")
                .put("created", CREATED)
                .put("type", "chat")
                .put("running", false)
                .put("display_name", names[names.length - 1])
                .put("organization", names.length > 1 ? names[0] : "")
                .put("link", "")
                .put("license", "")
                .put("context_length", CONTEXT_LENGTH)
                .putObject("pricing")
                .put("hourly", 0)
                .put("input", 0.05)
                .put("output", 0.2)
                .put("base", 0)
                .put("finetune", 0);
    }
}
