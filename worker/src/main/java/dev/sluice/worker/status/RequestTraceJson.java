package dev.sluice.worker.status;

import java.time.Instant;
import java.util.Locale;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Writes what is known of one request as JSON. Stateless. */
public final class RequestTraceJson {
    private RequestTraceJson() {}

    /** Returns an object with the state and the records, the newest first. */
    public static ObjectNode tree(RequestTrace trace, Instant now) {
        ObjectNode tree = JsonMapper.shared()
                .createObjectNode()
                .put("id", trace.id())
                .put("state", word(trace.state(now)))
                .put("cut", trace.isCut());
        ArrayNode records = tree.putArray("records");
        trace.records().forEach(record -> {
            ObjectNode each = records.addObject()
                    .put("kind", word(record.kind()))
                    .put("topic", record.topic())
                    .put("position", record.position())
                    .put("at", record.at().toString())
                    .put("open", record.isOpen())
                    .put("model", record.model().isEmpty() ? null : record.model());
            ObjectNode headers = each.putObject("headers");
            TracedRecord.SHOWN.forEach(name -> record.header(name).ifPresent(value -> headers.put(name, value)));
        });
        ArrayNode problems = tree.putArray("problems");
        trace.problems().forEach(problems::add);
        return tree;
    }

    private static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
