package dev.sluice.console;

import dev.sluice.worker.deadletters.BodyEdit;
import dev.sluice.worker.deadletters.DeadLetterFilter;
import dev.sluice.worker.deadletters.ReplaySelection;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A question of the page about dead letters. Immutable.
 *
 * @param filter the letters that it is about
 * @param isReplayedToo true to list letters that were replayed as well
 * @param edits the changes of each body
 * @param maxReplays the number of replays from which on a letter stays
 * @param limit the most letters to replay
 * @param position the place of the one letter to show, or an empty text
 * @param listed the places of letters that are listed already; many letters may have died in one millisecond
 */
record LetterRequest(
        DeadLetterFilter filter,
        boolean isReplayedToo,
        List<BodyEdit> edits,
        int maxReplays,
        long limit,
        String position,
        Set<String> listed) {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final int MAX_REPLAYS = 3;

    LetterRequest {
        edits = List.copyOf(edits);
        listed = Set.copyOf(listed);
    }

    /**
     * Reads the JSON of the page. What is missing is no condition.
     *
     * @throws IllegalArgumentException if it has another form. The message is for a person.
     */
    static LetterRequest parse(byte[] json) {
        try {
            JsonNode tree = JSON.readTree(json);
            if (!tree.isObject()) {
                throw new IllegalArgumentException("the body must be a JSON object");
            }
            DeadLetterFilter filter = new DeadLetterFilter(
                    texts(tree, "ids"),
                    texts(tree, "reasons"),
                    texts(tree, "statuses"),
                    texts(tree, "models"),
                    texts(tree, "tenants"),
                    instant(tree, "since", Instant.MIN),
                    instant(tree, "until", Instant.MAX),
                    tree.path("contains").asString(""));
            List<BodyEdit> edits = new ArrayList<>();
            texts(tree, "edits").forEach(edit -> edits.add(BodyEdit.parse(edit)));
            return new LetterRequest(
                    filter,
                    tree.path("replayed").asBoolean(false),
                    edits,
                    Math.max(1, tree.path("max_replays").asInt(MAX_REPLAYS)),
                    Math.max(1, tree.path("limit").asLong(Long.MAX_VALUE)),
                    tree.path("position").asString(""),
                    texts(tree, "listed"));
        } catch (JacksonException | DateTimeException e) {
            throw new IllegalArgumentException("the body cannot be read: " + e.getMessage(), e);
        }
    }

    private static Set<String> texts(JsonNode tree, String name) {
        Set<String> texts = new HashSet<>();
        tree.path(name).forEach(text -> texts.add(text.asString("")));
        return texts;
    }

    private static Instant instant(JsonNode tree, String name, Instant missing) {
        String text = tree.path(name).asString("");
        return text.isEmpty() ? missing : Instant.parse(text);
    }

    ReplaySelection selection() {
        return new ReplaySelection(filter, edits, maxReplays);
    }
}
