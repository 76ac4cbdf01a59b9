package dev.sluice.trials.chaos.plan;

import dev.sluice.wire.Reason;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is peculiar about a request, and how it has to end. */
public enum RequestKind {
    /** Nothing: the API answers. */
    PLAIN(null, 68),
    /** Due within the 10 s for which a worker holds it in memory. */
    SOON(null, 6),
    /** Due later, so that it has to wait in a delay tier. */
    DELAYED(null, 5),
    /** The API fails once or twice, then answers. */
    FAULTY_ONCE(null, 10),
    /** Its time was over before it was published. */
    EXPIRED(Reason.EXPIRED, 3),
    /** No chat request at all. */
    INVALID(Reason.INVALID_REQUEST, 4),
    /** The API refuses it. */
    REJECTED(Reason.REJECTED, 3),
    /** The API fails at it every time. */
    EXHAUSTED(Reason.ATTEMPTS_EXHAUSTED, 1);

    private final @Nullable Reason reason;
    private final int weight;

    RequestKind(@Nullable Reason reason, int weight) {
        this.reason = reason;
        this.weight = weight;
    }

    /** Why it fails; empty: it ends with an answer. */
    public Optional<Reason> reason() {
        return Optional.ofNullable(reason);
    }

    /** Whether it may be called at all. */
    public boolean isCalled() {
        return this != EXPIRED && this != INVALID;
    }

    /** Whether it ends as soon as workers and API are well: not one that has to fail for as long as attempts take. */
    public boolean isPrompt() {
        return this != EXHAUSTED;
    }

    int weight() {
        return weight;
    }
}
