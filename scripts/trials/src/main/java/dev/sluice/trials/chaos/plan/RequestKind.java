package dev.sluice.trials.chaos.plan;

import dev.sluice.wire.Reason;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A kind of request, by what is special about it and by how it must end. */
public enum RequestKind {
    /** Has nothing special: the API answers. */
    PLAIN(null, 68),
    /** Becomes due within the 10 s for which a worker keeps it in memory. */
    SOON(null, 6),
    /** Becomes due later, so that it must wait in a delay tier. */
    DELAYED(null, 5),
    /** Fails once or twice at the API and is answered then. */
    FAULTY_ONCE(null, 10),
    /** Has expired before it was published. */
    EXPIRED(Reason.EXPIRED, 3),
    /** Is not a chat request. */
    INVALID(Reason.INVALID_REQUEST, 4),
    /** Is rejected by the API. */
    REJECTED(Reason.REJECTED, 3),
    /** Fails at the API every time. */
    EXHAUSTED(Reason.ATTEMPTS_EXHAUSTED, 1);

    private final @Nullable Reason reason;
    private final int weight;

    RequestKind(@Nullable Reason reason, int weight) {
        this.reason = reason;
        this.weight = weight;
    }

    /** Returns the reason of its failure. Empty if it ends with an answer. */
    public Optional<Reason> reason() {
        return Optional.ofNullable(reason);
    }

    /** Tells whether the API may be called for it. */
    public boolean isCalled() {
        return this != EXPIRED && this != INVALID;
    }

    /** Tells whether it ends as soon as workers and API are healthy. Others end only after all their attempts. */
    public boolean isPrompt() {
        return this != EXHAUSTED;
    }

    int weight() {
        return weight;
    }
}
