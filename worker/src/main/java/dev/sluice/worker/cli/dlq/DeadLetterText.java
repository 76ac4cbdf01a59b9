package dev.sluice.worker.cli.dlq;

import dev.sluice.worker.deadletters.DeadLetterSummary;
import dev.sluice.worker.deadletters.ReplayDecision;
import dev.sluice.worker.text.PrintableText;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Says which letters cannot be replayed, and why. */
final class DeadLetterText {
    private static final int LONGEST_PLACE = 300;

    private DeadLetterText() {}

    /** One line for each cause that lies in the letters themselves. */
    static List<String> unreplayable(DeadLetterSummary survey) {
        List<String> lines = new ArrayList<>();
        long bare = survey.count(ReplayDecision.NO_BODY);
        if (bare > 0) {
            lines.add(bare + " cannot be replayed: no body, only where the request lies: "
                    + places(survey.origins(), bare));
        }
        if (survey.count(ReplayDecision.UNREADABLE) > 0) {
            lines.add(survey.count(ReplayDecision.UNREADABLE) + " cannot be replayed: the body is no JSON object");
        }
        return lines;
    }

    /** One line for each cause why a letter that matches stays where it is. */
    static List<String> staying(DeadLetterSummary survey, int maxReplays) {
        List<String> lines = new ArrayList<>(unreplayable(survey));
        if (survey.count(ReplayDecision.UNMENDABLE) > 0) {
            lines.add(survey.count(ReplayDecision.UNMENDABLE)
                    + " stay: a field of --set lies within something that is no JSON object");
        }
        if (survey.count(ReplayDecision.TOO_OFTEN) > 0) {
            lines.add(survey.count(ReplayDecision.TOO_OFTEN) + " stay: replayed " + maxReplays
                    + " times or more and dead again; a larger --max-replays takes them in");
        }
        if (survey.count(ReplayDecision.REPLAYED) > 0) {
            lines.add(survey.count(ReplayDecision.REPLAYED) + " stay: they were replayed");
        }
        long beyond = survey.count(ReplayDecision.SENT) - survey.groups().letters();
        if (beyond > 0) {
            lines.add(beyond + " stay: beyond --limit");
        }
        return lines;
    }

    /** The first of {@code count} places, which are foreign text. */
    static String places(List<String> places, long count) {
        String named = places.stream()
                .map(place -> PrintableText.line(place, LONGEST_PLACE))
                .collect(Collectors.joining(", "));
        return named + (count > places.size() ? ", …" : "");
    }
}
