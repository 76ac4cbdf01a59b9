package dev.sluice.worker.deadletters;

import org.apache.kafka.common.errors.AuthorizationException;

/** The reason why a replay could not go on. */
public sealed interface ReplayFailure {
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
