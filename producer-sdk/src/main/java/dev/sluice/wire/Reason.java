package dev.sluice.wire;

import java.util.Locale;
import java.util.Optional;

/**
 * The reason why a request ended without an answer. It is the value of {@code sluice-reason} on failed replies and dead
 * letters.
 */
public enum Reason {
    /**
     * The record is not a valid chat request, for example no JSON object, no model, or a header that is not a number.
     */
    INVALID_REQUEST,
    /** The request names a reply topic or partition that the worker may not or cannot write to. */
    REPLY_TOPIC_REFUSED,
    /** The API rejected the request itself (400, 404, 413, 422, …). */
    REJECTED,
    /** Every attempt failed. */
    ATTEMPTS_EXHAUSTED,
    /** The API answered every call with 429, even those that were sent alone: the request exceeds the limit itself. */
    NEVER_ADMITTED,
    /** A streamed call failed after pieces of its answer had been published. It is not called, and paid for, again. */
    STREAM_CUT,
    /** The request expired before it could be called. */
    EXPIRED,
    /** A mark on {@link Topics#cancels()} named the request before it was called. */
    CANCELLED,
    /**
     * The body is larger than workers accept, or the answer or the record with its headers is larger than its topic
     * allows.
     */
    TOO_LARGE,
    /** Kafka could not deliver the record, because it is corrupt or too large when decompressed. */
    UNREADABLE;

    /** Returns the word on the wire, for example {@code attempts_exhausted}. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Returns the reason for a word. It is empty for a word of a later release. */
    public static Optional<Reason> of(String word) {
        for (Reason reason : values()) {
            if (reason.word().equals(word)) {
                return Optional.of(reason);
            }
        }
        return Optional.empty();
    }
}
