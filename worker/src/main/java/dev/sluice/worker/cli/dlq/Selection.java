package dev.sluice.worker.cli.dlq;

import java.util.List;
import java.util.Optional;

/**
 * Decides what a replay makes of each letter. Pure.
 *
 * @param mends what is changed in each body
 * @param maxReplays letters whose request was replayed as often as this, or more often, stay
 */
public record Selection(LetterFilter filter, List<Mend> mends, int maxReplays) {
    public Selection {
        mends = List.copyOf(mends);
    }

    /** What a replay makes of the letter, given all marks that lie behind it. */
    public Fate of(Letter letter, Marks marks) {
        if (!filter.matches(letter)) {
            return Fate.OTHER;
        }
        if (marks.contains(letter)) {
            return Fate.REPLAYED;
        }
        return switch (letter.body().kind()) {
            case MISSING -> Fate.NO_BODY;
            case UNREADABLE -> Fate.UNREADABLE;
            case OBJECT -> ofReadable(letter);
        };
    }

    private Fate ofReadable(Letter letter) {
        if (letter.replays() >= maxReplays) {
            return Fate.TOO_OFTEN;
        }
        return body(letter).isPresent() ? Fate.SENT : Fate.UNMENDABLE;
    }

    /** The body as it is sent; empty where the letter has none that can be mended. */
    Optional<byte[]> body(Letter letter) {
        return Optional.ofNullable(letter.record().value()).flatMap(value -> Mend.all(mends, value));
    }
}
