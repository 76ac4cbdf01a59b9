package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.deadletters.DeadLetterSummary;
import dev.sluice.worker.deadletters.ReplayDecision;
import dev.sluice.worker.text.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Describes which dead letters are not replayed, and why. */
final class DeadLetterText {
    private static final int MAX_POSITION_LENGTH = 300;

    private DeadLetterText() {}

    /** Returns one line for each reason that is in the letters themselves. */
    static List<String> unreplayable(DeadLetterSummary summary) {
        List<String> lines = new ArrayList<>();
        long withoutBody = summary.count(ReplayDecision.NO_BODY);
        if (withoutBody > 0) {
            lines.add(withoutBody + " cannot be replayed: no body, only where the request lies: "
                    + positions(summary.origins(), withoutBody));
        }
        if (summary.count(ReplayDecision.UNREADABLE) > 0) {
            lines.add(summary.count(ReplayDecision.UNREADABLE) + " cannot be replayed: the body is no JSON object");
        }
        return lines;
    }

    /** Returns one line for each reason why letters that match stay where they are. */
    static List<String> staying(DeadLetterSummary summary, int maxReplays) {
        List<String> lines = new ArrayList<>(unreplayable(summary));
        if (summary.count(ReplayDecision.NOT_EDITABLE) > 0) {
            lines.add(summary.count(ReplayDecision.NOT_EDITABLE)
                    + " stay: a field of --set lies within something that is no JSON object");
        }
        if (summary.count(ReplayDecision.REPLAYED_TOO_OFTEN) > 0) {
            lines.add(summary.count(ReplayDecision.REPLAYED_TOO_OFTEN) + " stay: replayed " + maxReplays
                    + " times or more and dead again; a larger --max-replays takes them in");
        }
        if (summary.count(ReplayDecision.ALREADY_REPLAYED) > 0) {
            lines.add(summary.count(ReplayDecision.ALREADY_REPLAYED) + " stay: they were replayed");
        }
        long beyondLimit = summary.count(ReplayDecision.SEND) - summary.groups().letters();
        if (beyondLimit > 0) {
            lines.add(beyondLimit + " stay: beyond --limit");
        }
        return lines;
    }

    /**
     * Lists positions, which are foreign text.
     *
     * @param first the first of the positions
     * @param count the number of all positions
     */
    static String positions(List<String> first, long count) {
        String listed = first.stream()
                .map(position -> PrintableText.line(position, MAX_POSITION_LENGTH))
                .collect(Collectors.joining(", "));
        return listed + (count > first.size() ? ", …" : "");
    }
}
