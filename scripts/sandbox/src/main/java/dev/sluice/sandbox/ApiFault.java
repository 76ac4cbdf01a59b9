package dev.sluice.sandbox;

import java.time.Duration;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * A fault that determines how a call ends. It is immutable. Settings, control and directives use the same syntax. A
 * fault is a list of words separated by spaces, in any order. At most one word of the first group is allowed:
 *
 * <pre>
 * status=500        this status, 300 to 599, with the API's body for it (an edge's HTML for 502, 504, 520, 524, 529)
 * too-long          400 that says the context is too long; with status=403 or status=422 this status
 * hang              no answer, not even headers
 * hang-body         headers and half of the body, then nothing
 * cut               the connection is closed before the headers
 * cut-body          the connection is closed after half of the body
 * not-json          200 with a body that isn't JSON
 * no-choices        200 with JSON that has no choices
 * empty             200 with empty content and finish_reason length, as when reasoning used the budget
 * zipped            the completion with Content-Encoding: gzip, whether or not it was asked for
 * error-event       a stream ends after half of it with an error of its own, code 503
 * ends-early        a stream ends after half of it as if it were whole
 * no-done           a stream ends without [DONE]
 * not-streamed      the whole completion as JSON though a stream was asked for
 * huge=10MB         200 with a completion of exactly this many bytes
 *
 * latency=250ms     instead of the settings' latency; also 100ms..2s and lognormal(800ms,0.6)
 * pace=20ms         the time between two chunks of a stream; without it they come at once
 * body=html         the body of a status; json is the API's, and problem, text and none are those of edges
 * type=credit_limit the error type of a status
 * finish=stop       the finish_reason, any word; with tool_calls the first function of the request is called
 * reset=2           x-ratelimit-reset in seconds, sent with any status and in any header mode
 * retry-after=2     the same for retry-after
 * times=2           directives only: the first 2 calls of the same body
 * </pre>
 *
 * @param ending what happens in place of the completion
 * @param latency the latency, or null for the settings' own
 * @param pace the time between two chunks of a stream, or null for none
 * @param finishReason the finish reason, or null for the completion's own
 * @param reset the reset header in seconds, or null for the header mode's own
 * @param retryAfter the retry-after header in seconds, or null for the settings' own
 * @param times the number of calls of one body that the fault applies to, or empty for every call
 */
public record ApiFault(
        Ending ending,
        @Nullable LatencyModel latency,
        @Nullable LatencyModel pace,
        @Nullable String finishReason,
        @Nullable Double reset,
        @Nullable Double retryAfter,
        OptionalInt times) {

    /** An ending in place of the completion. */
    public sealed interface Ending {}

    /** An ending with a status of 200 or without an answer. The limiter has admitted the call before. */
    public enum Reply implements Ending {
        NORMAL,
        HANG,
        HANG_BODY,
        CUT,
        CUT_BODY,
        NOT_JSON,
        NO_CHOICES,
        EMPTY,
        ZIPPED,
        ERROR_EVENT,
        ENDS_EARLY,
        NO_DONE,
        NOT_STREAMED;

        /** Returns true if the API has done its work, which counts for its limits. */
        boolean isAnswered() {
            return switch (this) {
                case NORMAL, EMPTY, ZIPPED, NO_DONE, NOT_STREAMED -> true;
                case HANG, HANG_BODY, CUT, CUT_BODY, NOT_JSON, NO_CHOICES, ERROR_EVENT, ENDS_EARLY -> false;
            };
        }
    }

    /** The body of a status. */
    public enum BodyForm {
        /** The API's own error. */
        JSON,
        /** An edge's page. */
        HTML,
        /** An edge's problem details, RFC 9457, with members of its own. */
        PROBLEM,
        /** A line of plain text. */
        TEXT,
        NONE
    }

    /** A completion of exactly {@code bytes} bytes. The limiter has admitted the call before. */
    public record Huge(long bytes) implements Ending {
        public Huge {
            if (bytes < 1024) {
                throw new IllegalArgumentException("huge=" + bytes + " is too small; it must be at least 1KB");
            }
        }
    }

    /**
     * A status without asking the limiter.
     *
     * @param body the form of the body, or null for the API's own choice with that status
     * @param type the error type, or null for the API's own with that status
     */
    public record Status(
            int code,
            boolean tooLong,
            @Nullable BodyForm body,
            @Nullable String type) implements Ending {
        public Status {
            if (code < 300 || code > 599) {
                throw new IllegalArgumentException("status=" + code + " must lie between 300 and 599");
            }
        }
    }

    /** The absence of a fault. The call ends with its completion. */
    public static final ApiFault NONE = of(Reply.NORMAL);

    public static ApiFault of(Ending ending) {
        return new ApiFault(ending, null, null, null, null, null, OptionalInt.empty());
    }

    public static ApiFault status(int code) {
        return of(new Status(code, false, null, null));
    }

    public static ApiFault latency(Duration latency) {
        return new ApiFault(Reply.NORMAL, LatencyModel.fixed(latency), null, null, null, null, OptionalInt.empty());
    }

    /**
     * Reads the syntax above.
     *
     * @throws IllegalArgumentException with the wrong word if {@code text} does not follow the syntax
     */
    public static ApiFault parse(String text) {
        return FaultSyntax.parse(text);
    }

    /** Returns the fault in the syntax above. {@code parse(toString())} is equal to this fault. */
    @Override
    public String toString() {
        return FaultSyntax.text(this);
    }
}
