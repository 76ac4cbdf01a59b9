package dev.sluice.console;

import dev.sluice.worker.deadletters.DeadLetter;
import dev.sluice.worker.deadletters.DeadLetterJson;
import dev.sluice.worker.deadletters.DeadLetterSummary;
import dev.sluice.worker.deadletters.ReplayDecision;
import dev.sluice.worker.deadletters.ReplayMarks;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumSet;
import java.util.Set;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/** Keeps the newest of the letters that a search shows. Letters come from the oldest on. Not thread-safe. */
final class NewestLetters {
    /** The most letters that are listed. Older ones are asked for by the time before which they died. */
    private static final int MAX_LISTED = 100;

    private final LetterRequest request;
    private final Set<ReplayDecision> shown;
    private final Deque<DeadLetterSummary.Entry> newest = new ArrayDeque<>();

    NewestLetters(LetterRequest request) {
        this.request = request;
        this.shown = EnumSet.complementOf(EnumSet.of(ReplayDecision.NO_MATCH));
        if (!request.isReplayedToo()) {
            shown.remove(ReplayDecision.ALREADY_REPLAYED);
        }
    }

    /** Returns the decisions whose letters are shown. */
    Set<ReplayDecision> shown() {
        return Set.copyOf(shown);
    }

    void add(DeadLetter letter, ReplayMarks marks) {
        ReplayDecision decision = request.selection().decide(letter, marks);
        if (shown.contains(decision) && !request.listed().contains(letter.position())) {
            newest.addFirst(DeadLetterSummary.Entry.of(letter, marks.contains(letter)));
            if (newest.size() > MAX_LISTED) {
                newest.removeLast();
            }
        }
    }

    /** Returns the list, the newest first. */
    ArrayNode json(ConsoleUser user) {
        ArrayNode letters = JsonMapper.shared().createArrayNode();
        newest.forEach(entry -> {
            ObjectNode tree = DeadLetterJson.tree(entry);
            if (!user.readsBodies()) {
                tree.remove("message"); // the provider may repeat what was asked
            }
            letters.add(tree);
        });
        return letters;
    }
}
