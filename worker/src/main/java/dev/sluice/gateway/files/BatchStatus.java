package dev.sluice.gateway.files;

import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;

/** The state of a batch in the words of OpenAI's API. It only goes forward. */
public enum BatchStatus {
    VALIDATING,
    IN_PROGRESS,
    CANCELLING,
    FINALIZING,
    COMPLETED,
    FAILED,
    EXPIRED,
    CANCELLED;

    /** Returns the states that may come after this one. A state may also come after itself, unless it is the last. */
    private Set<BatchStatus> next() {
        return switch (this) {
            case VALIDATING -> EnumSet.of(VALIDATING, IN_PROGRESS, CANCELLING, FAILED, EXPIRED);
            case IN_PROGRESS -> EnumSet.of(IN_PROGRESS, CANCELLING, FINALIZING, FAILED, EXPIRED);
            case CANCELLING -> EnumSet.of(CANCELLING, FAILED, CANCELLED);
            case FINALIZING -> EnumSet.of(FINALIZING, COMPLETED, FAILED, EXPIRED);
            case COMPLETED, FAILED, EXPIRED, CANCELLED -> EnumSet.noneOf(BatchStatus.class);
        };
    }

    boolean leadsTo(BatchStatus later) {
        return next().contains(later);
    }

    /** Returns true if nothing comes after this state. */
    public boolean isEnd() {
        return next().isEmpty();
    }

    /** Returns the word of the API. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    static BatchStatus ofWord(String word) {
        return valueOf(word.toUpperCase(Locale.ROOT));
    }
}
