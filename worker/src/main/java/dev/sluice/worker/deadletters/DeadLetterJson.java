package dev.sluice.worker.deadletters;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Formats dead letters as JSON for other programs. Each object takes one line and is plain ASCII, safe for a terminal.
 */
public final class DeadLetterJson {
    private static final JsonMapper MAPPER = JsonMapper.builder(JsonFactory.builder()
                    .enable(JsonWriteFeature.ESCAPE_NON_ASCII)
                    .build())
            .build();

    private DeadLetterJson() {}

    /**
     * Formats what a summary has counted.
     *
     * @param withLetters true to add the single letters
     */
    public static String summary(DeadLetterSummary summary, boolean withLetters) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("letters", summary.groups().letters());
        root.put("replayed", summary.count(ReplayDecision.ALREADY_REPLAYED));
        root.put("without_body", summary.count(ReplayDecision.NO_BODY));
        root.put("unreadable", summary.count(ReplayDecision.UNREADABLE));
        ArrayNode groups = root.putArray("groups");
        for (DeadLetterGroups.Group group : summary.groups().largestFirst()) {
            groups.add(tree(group));
        }
        if (withLetters) {
            ArrayNode entries = root.putArray("oldest_letters");
            summary.entries().forEach(entry -> entries.add(tree(entry)));
        }
        return MAPPER.writeValueAsString(root);
    }

    /** Returns a group as a tree, to which more may be added. */
    public static ObjectNode tree(DeadLetterGroups.Group group) {
        ObjectNode row = MAPPER.createObjectNode().put("letters", group.letters());
        putKey(row, group.key());
        return row.put("oldest", group.oldest().toString())
                .put("newest", group.newest().toString());
    }

    /** Returns a letter without its body as a tree, to which more may be added. */
    public static ObjectNode tree(DeadLetterSummary.Entry entry) {
        ObjectNode row = MAPPER.createObjectNode();
        row.put("id", entry.id());
        row.put("died_at", entry.diedAt().toString());
        putKey(row, entry.key());
        putError(row, entry.error());
        row.put("replays", entry.replays());
        row.put("replayed", entry.replayed());
        return row.put("position", entry.position());
    }

    private static void putKey(ObjectNode row, DeadLetterGroups.Key key) {
        row.put("reason", orNull(key.reason()));
        row.put("http_status", orNull(key.status()));
        row.put("model", orNull(key.model()));
        row.put("tenant", orNull(key.tenant()));
    }

    private static void putError(ObjectNode row, ErrorWords error) {
        row.put("message", orNull(error.message()));
        row.put("error_type", orNull(error.type()));
        row.put("error_code", orNull(error.code()));
        row.put("error_param", orNull(error.param()));
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    /** Formats a letter with all headers and its body. Bytes that are not UTF-8 are replaced. */
    public static String letter(DeadLetter letter, Optional<ReplayMark> mark) {
        return MAPPER.writeValueAsString(tree(letter, mark));
    }

    /** Returns a letter with all headers and its body as a tree. */
    public static ObjectNode tree(DeadLetter letter, Optional<ReplayMark> mark) {
        ObjectNode root = MAPPER.createObjectNode();
        root.put("id", letter.id());
        root.put("position", letter.position());
        root.put("died_at", letter.diedAt().toString());
        root.put("replayed", mark.isPresent());
        root.put("replayed_at", mark.map(known -> known.at().toString()).orElse(null));
        root.put("replayed_by", mark.map(known -> orNull(known.person())).orElse(null));
        putError(root, ErrorWords.of(letter));
        root.put("key", text(letter.record().key()));
        ArrayNode headers = root.putArray("headers");
        for (Header header : letter.record().headers()) {
            headers.addObject().put("name", header.key()).put("value", text(header.value()));
        }
        return root.put("body", text(letter.record().value()));
    }

    /** Returns the text of bytes, in which those that are not UTF-8 are replaced. */
    public static @Nullable String text(byte @Nullable [] bytes) {
        return bytes == null ? null : new String(bytes, StandardCharsets.UTF_8);
    }
}
