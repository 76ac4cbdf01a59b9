package dev.sluice.worker.call;

import java.util.Map;

/** How one exchange with the API ended. */
public sealed interface CallResult {
    /** Milliseconds from the start of the call to its end. */
    long tookMillis();

    /**
     * The API, or an edge in front of it, answered in full.
     *
     * @param status the HTTP status
     * @param headers by lower-case name, the first value of each
     * @param body byte for byte; not to be changed
     */
    record Answered(int status, Map<String, String> headers, byte[] body, long tookMillis) implements CallResult {}

    /**
     * There was no complete answer.
     *
     * @param error one word for headers and logs: {@code timeout}, {@code connection}, {@code response_too_large},
     *     {@code unsendable}
     * @param message what is known, without anything of the request or the answer
     */
    record Failed(String error, String message, long tookMillis) implements CallResult {}

    /** We gave the call up, since its outcome could not be settled any more. */
    record Cancelled(long tookMillis) implements CallResult {}
}
