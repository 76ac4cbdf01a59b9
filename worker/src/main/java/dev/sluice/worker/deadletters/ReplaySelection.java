package dev.sluice.worker.deadletters;

import java.util.List;
import java.util.Optional;

/**
 * Decides which letters a replay sends. Immutable.
 *
 * @param edits the changes that are applied to each body
 * @param maxReplays the number of replays from which on the letters of a request stay
 */
public record ReplaySelection(DeadLetterFilter filter, List<BodyEdit> edits, int maxReplays) {
    public ReplaySelection {
        edits = List.copyOf(edits);
    }

    /**
     * Decides about a letter.
     *
     * @param marks the marks of the whole topic, since the mark of a letter comes after it
     */
    public ReplayDecision decide(DeadLetter letter, ReplayMarks marks) {
        if (!filter.matches(letter)) {
            return ReplayDecision.NO_MATCH;
        }
        if (marks.contains(letter)) {
            return ReplayDecision.ALREADY_REPLAYED;
        }
        return switch (letter.body().kind()) {
            case MISSING -> ReplayDecision.NO_BODY;
            case UNREADABLE -> ReplayDecision.UNREADABLE;
            case OBJECT -> decideReadable(letter);
        };
    }

    private ReplayDecision decideReadable(DeadLetter letter) {
        if (letter.replays() >= maxReplays) {
            return ReplayDecision.REPLAYED_TOO_OFTEN;
        }
        return body(letter).isPresent() ? ReplayDecision.SEND : ReplayDecision.NOT_EDITABLE;
    }

    /** Returns the edited body, or an empty value if there is no body or it cannot be edited. */
    Optional<byte[]> body(DeadLetter letter) {
        return Optional.ofNullable(letter.record().value()).flatMap(value -> BodyEdit.applyAll(edits, value));
    }
}
