package dev.sluice.worker.call;

import java.util.Map;
import java.util.Optional;

/** The result of one HTTP exchange with the API. */
public sealed interface CallResult {
    /** Returns the milliseconds from the start of the call to its end. */
    long tookMillis();

    /**
     * The facts about an answer that came as a stream.
     *
     * @param call the random id of the call, which the pieces of its answer have as well
     * @param hasBegun true if the API has sent a part of the answer, so that it has worked on the request
     * @param isPublished true if pieces of the answer may have been seen
     * @param tokens a rough number of the tokens that have come, for APIs that do not say it
     */
    record Stream(String call, boolean hasBegun, boolean isPublished, long tokens) {}

    /**
     * A complete answer of the API, or of an edge in front of it.
     *
     * @param status the HTTP status
     * @param headers the first value of each header, by lower-case name
     * @param body the bytes as received, unpacked, or of a stream the whole completion, or the error that ended it;
     *     must not be changed
     * @param stream empty if the answer did not come as a stream
     */
    record Answered(int status, Map<String, String> headers, byte[] body, long tookMillis, Optional<Stream> stream)
            implements CallResult {
        /** Makes an answer that came as a whole. */
        public Answered(int status, Map<String, String> headers, byte[] body, long tookMillis) {
            this(status, headers, body, tookMillis, Optional.empty());
        }
    }

    /**
     * A call without a complete answer.
     *
     * @param error one word for headers and logs: {@code timeout}, {@code connection}, {@code response_too_large},
     *     {@code unusable_body}, {@code unsendable}, or {@code 407} if a proxy wants to know who calls
     * @param message the cause in words, such as {@code Connection refused by 10.0.0.1:8088}. They are bounded and
     *     printable, and quote neither the request nor the answer.
     * @param mayHaveCost true if the request had left and was not cut off at once, so that the API may have worked on
     *     it and charged it
     * @param stream empty if no answer has begun to come as a stream
     */
    record Failed(String error, String message, boolean mayHaveCost, long tookMillis, Optional<Stream> stream)
            implements CallResult {
        static final int PROXY_AUTHENTICATION = 407;

        /** Makes a failure of a call that the API cannot have worked on. */
        public Failed(String error, String message, long tookMillis) {
            this(error, message, false, tookMillis);
        }

        /** Makes a failure of a call whose answer has not begun to come as a stream. */
        public Failed(String error, String message, boolean mayHaveCost, long tookMillis) {
            this(error, message, mayHaveCost, tookMillis, Optional.empty());
        }
    }

    /**
     * A call that was aborted because its request was cancelled.
     *
     * @param mayHaveCost true if the request had left, so that the API may have worked on it and charged it
     */
    record Aborted(boolean mayHaveCost, long tookMillis) implements CallResult {}

    /** A call that we cancelled because its outcome could no longer be settled. */
    record Cancelled(long tookMillis) implements CallResult {}
}
