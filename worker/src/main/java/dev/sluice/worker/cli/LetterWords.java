package dev.sluice.worker.cli;

import dev.sluice.worker.cli.dlq.Fate;
import dev.sluice.worker.cli.dlq.Survey;
import dev.sluice.worker.observe.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Says which letters cannot be replayed, and why. */
final class LetterWords {
    private static final int LONGEST_PLACE = 300;

    private LetterWords() {}

    /** One line for each cause that lies in the letters themselves. */
    static List<String> unreplayable(Survey survey) {
        List<String> lines = new ArrayList<>();
        long bare = survey.count(Fate.NO_BODY);
        if (bare > 0) {
            lines.add(bare + " cannot be replayed: no body, only where the request lies: "
                    + places(survey.origins(), bare));
        }
        if (survey.count(Fate.UNREADABLE) > 0) {
            lines.add(survey.count(Fate.UNREADABLE) + " cannot be replayed: the body is no JSON object");
        }
        return lines;
    }

    /** One line for each cause why a letter that matches stays where it is. */
    static List<String> staying(Survey survey, int maxReplays) {
        List<String> lines = new ArrayList<>(unreplayable(survey));
        if (survey.count(Fate.UNMENDABLE) > 0) {
            lines.add(survey.count(Fate.UNMENDABLE)
                    + " stay: a field of --set lies within something that is no JSON object");
        }
        if (survey.count(Fate.TOO_OFTEN) > 0) {
            lines.add(survey.count(Fate.TOO_OFTEN) + " stay: replayed " + maxReplays
                    + " times or more and dead again; a larger --max-replays takes them in");
        }
        if (survey.count(Fate.REPLAYED) > 0) {
            lines.add(survey.count(Fate.REPLAYED) + " stay: they were replayed");
        }
        long beyond = survey.count(Fate.SENT) - survey.groups().letters();
        if (beyond > 0) {
            lines.add(beyond + " stay: beyond --limit");
        }
        return lines;
    }

    /** The first of {@code count} places, which are foreign text. */
    static String places(List<String> places, long count) {
        String named = places.stream()
                .map(place -> Printable.line(place, LONGEST_PLACE))
                .collect(Collectors.joining(", "));
        return named + (count > places.size() ? ", …" : "");
    }
}
