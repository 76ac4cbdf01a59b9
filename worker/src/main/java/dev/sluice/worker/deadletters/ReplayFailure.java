package dev.sluice.worker.deadletters;

import org.apache.kafka.common.errors.AuthorizationException;

/** Why a replay could not go on. */
public sealed interface ReplayFailure {
    /**
     * Something did not work.
     *
     * @param words for people
     */
    record Failed(String words) implements ReplayFailure {}

    /**
     * Kafka's ACLs do not allow it, or no longer.
     *
     * @param sending whether it was sending letters, rather than reading them
     */
    record Refused(AuthorizationException refusal, boolean sending) implements ReplayFailure {}
}
