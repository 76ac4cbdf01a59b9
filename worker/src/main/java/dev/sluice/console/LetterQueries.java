package dev.sluice.console;

import dev.sluice.worker.deadletters.BodyEdit;
import dev.sluice.worker.deadletters.DeadLetter;
import dev.sluice.worker.deadletters.DeadLetterGroups;
import dev.sluice.worker.deadletters.DeadLetterJson;
import dev.sluice.worker.deadletters.DeadLetterSummary;
import dev.sluice.worker.deadletters.DeadLetterTopic;
import dev.sluice.worker.deadletters.ReplayDecision;
import dev.sluice.worker.deadletters.ReplayMarks;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Answers what the page asks of the dead letters, by reading all of them. Letters are read from the oldest on, so that
 * the newest ones are known at the end. Its memory does not grow with their number. Stateless.
 */
final class LetterQueries {
    private static final JsonMapper JSON = JsonMapper.shared();
    /** The number of offsets from which on the newest letters are shown before all are counted. */
    private static final long LONG_TOPIC = 5_000;

    /** The offsets of each partition that are read for that. */
    private static final int TAIL = 1_000;

    private static final int MAX_GROUPS = 200;
    /** The longest body that is sent for a comparison. */
    private static final int MAX_COMPARED_BYTES = 256 << 10;

    private static final Pattern POSITION = Pattern.compile("(.+)-(\\d{1,9})@(\\d{1,18})");

    private LetterQueries() {}

    /** One question about the letters of an opened topic. It runs on a thread that may wait for Kafka. */
    @FunctionalInterface
    interface Query {
        /**
         * Returns the answer.
         *
         * @param lines takes the progress
         * @throws IllegalArgumentException if there is none. The message is for a person.
         */
        JsonNode run(DeadLetterTopic topic, JsonLines lines) throws InterruptedException;
    }

    /** Lists the newest letters that match, and counts all that do. Where that takes time, a list comes before. */
    static Query search(LetterRequest request, ConsoleUser user) {
        return (topic, lines) -> {
            if (topic.size() > LONG_TOPIC) {
                NewestLetters first = new NewestLetters(request);
                topic.readTail(TAIL, first::add);
                lines.part(JSON.createObjectNode().set("newest", first.json(user)), 0, topic.size());
            }
            NewestLetters newest = new NewestLetters(request);
            DeadLetterSummary summary = new DeadLetterSummary(request.selection(), newest.shown(), Long.MAX_VALUE, 0);
            ReplayMarks marks = topic.readMarks(lines::progress);
            topic.readLetters(
                    letter -> {
                        summary.add(letter, marks);
                        newest.add(letter, marks);
                        return !lines.isGone();
                    },
                    lines::progress);
            ObjectNode result = counts(summary);
            putGroups(result, summary.groups());
            result.set("newest", newest.json(user));
            return result;
        };
    }

    private static ObjectNode counts(DeadLetterSummary summary) {
        ObjectNode counts = JSON.createObjectNode().put("matching", summary.matching());
        for (ReplayDecision decision : ReplayDecision.values()) {
            counts.put(decision.name().toLowerCase(Locale.ROOT), summary.count(decision));
        }
        return counts.put("letters", summary.groups().letters());
    }

    private static void putGroups(ObjectNode result, DeadLetterGroups groups) {
        List<DeadLetterGroups.Group> all = groups.largestFirst();
        ArrayNode largest = result.putArray("groups");
        all.stream().limit(MAX_GROUPS).forEach(group -> largest.add(DeadLetterJson.tree(group)));
        result.put("more_groups", Math.max(0, all.size() - MAX_GROUPS));
    }

    /** Shows one letter with its headers and body. */
    static Query letter(LetterRequest request, ConsoleUser user) {
        return (topic, lines) -> {
            Matcher place = POSITION.matcher(request.position());
            if (!place.matches()) {
                throw new IllegalArgumentException("'" + request.position() + "' is no place of a letter");
            }
            DeadLetter letter = topic.letterAt(
                            Integer.parseInt(place.group(2)), Long.parseLong(place.group(3)), lines::progress)
                    .orElseThrow(() -> new IllegalArgumentException("there is no letter at " + request.position()
                            + " any more; retention may have deleted it"));
            ObjectNode tree = DeadLetterJson.tree(
                    letter,
                    Optional.ofNullable(
                            topic.marksOf(List.of(letter), lines::progress).get(letter.position())));
            if (!user.readsBodies()) {
                hideBody(tree);
            }
            return tree;
        };
    }

    private static void hideBody(ObjectNode tree) {
        tree.remove(List.of("body", "message"));
        ArrayNode headers = JSON.createArrayNode();
        for (JsonNode header : tree.path("headers")) {
            if (!header.path("name").asString("").contains("error-message")) {
                headers.add(header);
            }
        }
        tree.set("headers", headers);
        tree.put("hidden", true);
    }

    /** Says what a replay would send and what would stay, and shows the changes of one body. */
    static Query plan(LetterRequest request, ConsoleUser user) {
        return (topic, lines) -> {
            DeadLetterSummary summary =
                    new DeadLetterSummary(request.selection(), EnumSet.of(ReplayDecision.SEND), request.limit(), 0);
            ReplayMarks marks = topic.readMarks(lines::progress);
            First first = new First();
            topic.readLetters(
                    letter -> {
                        summary.add(letter, marks);
                        first.take(letter, request, marks);
                        return !lines.isGone();
                    },
                    lines::progress);
            ObjectNode result = counts(summary);
            putGroups(result, summary.groups());
            DeadLetter example = first.letter;
            if (example != null && user.readsBodies() && !request.edits().isEmpty()) {
                putComparison(result, example, request);
            }
            return result;
        };
    }

    /** Holds the first letter that would be sent, for an example. */
    private static final class First {
        private @Nullable DeadLetter letter;

        void take(DeadLetter next, LetterRequest request, ReplayMarks marks) {
            byte[] body = next.record().value();
            if (letter == null
                    && body != null
                    && body.length <= MAX_COMPARED_BYTES
                    && request.selection().decide(next, marks) == ReplayDecision.SEND) {
                letter = next;
            }
        }
    }

    private static void putComparison(ObjectNode result, DeadLetter letter, LetterRequest request) {
        byte[] body = letter.record().value();
        result.putObject("example")
                .put("id", letter.id())
                .put("before", DeadLetterJson.text(body))
                .put(
                        "after",
                        DeadLetterJson.text(
                                BodyEdit.applyAll(request.edits(), body).orElse(null)));
    }
}
