package dev.sluice.worker.deadletters;

import java.util.List;
import java.util.Optional;

/**
 * Decides what a replay makes of each letter. Pure.
 *
 * @param mends what is changed in each body
 * @param maxReplays letters whose request was replayed as often as this, or more often, stay
 */
public record ReplaySelection(DeadLetterFilter filter, List<BodyEdit> mends, int maxReplays) {
    public ReplaySelection {
        mends = List.copyOf(mends);
    }

    /** What a replay makes of the letter, given all marks that lie behind it. */
    public ReplayDecision of(DeadLetter letter, ReplayMarks marks) {
        if (!filter.matches(letter)) {
            return ReplayDecision.OTHER;
        }
        if (marks.contains(letter)) {
            return ReplayDecision.REPLAYED;
        }
        return switch (letter.body().kind()) {
            case MISSING -> ReplayDecision.NO_BODY;
            case UNREADABLE -> ReplayDecision.UNREADABLE;
            case OBJECT -> ofReadable(letter);
        };
    }

    private ReplayDecision ofReadable(DeadLetter letter) {
        if (letter.replays() >= maxReplays) {
            return ReplayDecision.TOO_OFTEN;
        }
        return body(letter).isPresent() ? ReplayDecision.SENT : ReplayDecision.UNMENDABLE;
    }

    /** The body as it is sent; empty where the letter has none that can be mended. */
    Optional<byte[]> body(DeadLetter letter) {
        return Optional.ofNullable(letter.record().value()).flatMap(value -> BodyEdit.all(mends, value));
    }
}
