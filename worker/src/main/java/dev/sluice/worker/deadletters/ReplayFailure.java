package dev.sluice.worker.deadletters;

import dev.sluice.wire.Topics;
import dev.sluice.worker.topics.AclErrors;
import org.apache.kafka.common.errors.AuthorizationException;

/** The reason why a replay could not go on. */
public sealed interface ReplayFailure {
    /** Returns the reason in words, with the missing right where one is missing. */
    default String words(Topics topics) {
        if (this instanceof Denied denied) {
            AclErrors.Right tried = denied.sending() ? AclErrors.Right.WRITE : AclErrors.Right.READ;
            return AclErrors.words(denied.cause(), tried, DeadLetterReplay.transactionalId(topics))
                    .orElseThrow();
        }
        return ((Failed) this).problem();
    }

    /**
     * An operation failed.
     *
     * @param problem a description for people
     */
    record Failed(String problem) implements ReplayFailure {}

    /**
     * Kafka's ACLs do not allow an operation, or no longer allow it.
     *
     * @param sending whether letters were being sent; if false, they were being read
     */
    record Denied(AuthorizationException cause, boolean sending) implements ReplayFailure {}
}
