package dev.sluice.wire;

import java.util.Locale;
import java.util.Optional;

/** Why a request ended without an answer: the value of {@code sluice-reason} on failed replies and dead letters. */
public enum Reason {
    /** The record is not a chat request that can be sent: no JSON object, no model, a header that is no number, … */
    INVALID_REQUEST,
    /** The request names a reply topic or partition that the worker may not or cannot write to. */
    REPLY_TOPIC_REFUSED,
    /** The API refused the request itself (400, 404, 413, 422, …). */
    REJECTED,
    /** Every attempt failed. */
    ATTEMPTS_EXHAUSTED,
    /** Its time was over before it could be called. */
    EXPIRED,
    /** The body is larger than workers accept; or the answer, or the record with its headers, than the topic allows. */
    TOO_LARGE,
    /** Kafka could not hand the record over: corrupt, or too large when unpacked. */
    UNREADABLE;

    /** The word on the wire, for example {@code attempts_exhausted}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The reason behind a word; empty for a word of a later release. */
    public static Optional<Reason> of(String word) {
        for (Reason reason : values()) {
            if (reason.word().equals(word)) {
                return Optional.of(reason);
            }
        }
        return Optional.empty();
    }
}
