package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.deadletters.DeadLetter;
import dev.sluice.worker.deadletters.DeadLetterGroups;
import dev.sluice.worker.deadletters.DeadLetterSummary;
import dev.sluice.worker.deadletters.ReplayDecision;
import java.nio.charset.StandardCharsets;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Dead letters as JSON for other programs: on one line, in ASCII, so that a terminal takes no harm either. */
final class DeadLetterJson {
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                    .build())
            .build();

    private DeadLetterJson() {}

    static String survey(DeadLetterSummary survey, boolean withLetters) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("letters", survey.groups().letters());
        root.put("replayed", survey.count(ReplayDecision.REPLAYED));
        root.put("without_body", survey.count(ReplayDecision.NO_BODY));
        root.put("unreadable", survey.count(ReplayDecision.UNREADABLE));
        ArrayNode groups = root.putArray("groups");
        for (DeadLetterGroups.Group group : survey.groups().largestFirst()) {
            ObjectNode row = groups.addObject();
            row.put("letters", group.letters());
            key(row, group.key());
            row.put("oldest", group.oldest().toString());
            row.put("newest", group.newest().toString());
        }
        if (withLetters) {
            ArrayNode lines = root.putArray("oldest_letters");
            survey.lines().forEach(line -> line(lines.addObject(), line));
        }
        return MAPPER.writeValueAsString(root);
    }

    private static void line(ObjectNode row, DeadLetterSummary.Line line) {
        row.put("id", line.id());
        row.put("died_at", line.at().toString());
        key(row, line.key());
        row.put("replays", line.replays());
        row.put("replayed", line.replayed());
        row.put("position", line.position());
    }

    private static void key(ObjectNode row, DeadLetterGroups.Key key) {
        row.put("reason", orNull(key.reason()));
        row.put("http_status", orNull(key.status()));
        row.put("model", orNull(key.model()));
        row.put("tenant", orNull(key.tenant()));
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    /** One letter with everything; bytes that are no UTF-8 are replaced. */
    static String letter(DeadLetter letter, boolean replayed) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("id", letter.id());
        root.put("position", letter.position());
        root.put("died_at", letter.at().toString());
        root.put("replayed", replayed);
        root.put("key", text(letter.record().key()));
        ArrayNode headers = root.putArray("headers");
        for (Header header : letter.record().headers()) {
            headers.addObject().put("name", header.key()).put("value", text(header.value()));
        }
        root.put("body", text(letter.record().value()));
        return MAPPER.writeValueAsString(root);
    }

    static @Nullable String text(byte @Nullable [] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }
}
