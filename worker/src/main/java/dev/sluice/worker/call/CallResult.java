package dev.sluice.worker.call;

import java.util.Map;

/** The result of one HTTP exchange with the API. */
public sealed interface CallResult {
    /** Returns the milliseconds from the start of the call to its end. */
    long tookMillis();

    /**
     * A complete answer of the API, or of an edge in front of it.
     *
     * @param status the HTTP status
     * @param headers the first value of each header, by lower-case name
     * @param body the bytes as received, unpacked; must not be changed
     */
    record Answered(int status, Map<String, String> headers, byte[] body, long tookMillis) implements CallResult {}

    /**
     * A call without a complete answer.
     *
     * @param error one word for headers and logs: {@code timeout}, {@code connection}, {@code response_too_large},
     *     {@code unusable_body}, {@code unsendable}, or {@code 407} if a proxy wants to know who calls
     * @param message the cause in words, such as {@code Connection refused by 10.0.0.1:8088}. They are bounded and
     *     printable, and quote neither the request nor the answer.
     * @param mayHaveCost true if the request had left and was not cut off at once, so that the API may have worked on
     *     it and charged it
     */
    record Failed(String error, String message, boolean mayHaveCost, long tookMillis) implements CallResult {
        static final int PROXY_AUTHENTICATION = 407;

        /** Makes a failure of a call that the API cannot have worked on. */
        public Failed(String error, String message, long tookMillis) {
            this(error, message, false, tookMillis);
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
