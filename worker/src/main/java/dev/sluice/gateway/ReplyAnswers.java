package dev.sluice.gateway;

import dev.sluice.ChatFailedException;
import dev.sluice.ChatQueueException;
import dev.sluice.ChatReply;
import dev.sluice.ChatStreamException;
import dev.sluice.InvalidChatRequestException;
import dev.sluice.ReplyTimeoutException;
import dev.sluice.wire.Reason;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Turns the ending of a request into an HTTP answer, with the status, code and words of the API if it has spoken. */
final class ReplyAnswers {
    private static final JsonMapper MAPPER = JsonMapper.shared();
    private static final int BAD_GATEWAY = 502;
    private static final int GATEWAY_TIMEOUT = 504;

    private ReplyAnswers() {}

    /** Returns the answer for a reply as a whole. */
    static HttpAnswer of(ChatReply reply) {
        return reply.ok() ? new HttpAnswer(200, HttpAnswer.JSON, timing(reply), reply.body(), "ok") : failed(reply);
    }

    /** Returns the headers that say how long the request was in the queue. */
    static Map<String, String> timing(ChatReply reply) {
        Map<String, String> headers = new LinkedHashMap<>();
        headers.put("sluice-queued-ms", Long.toString(reply.queuedFor().toMillis()));
        headers.put("sluice-attempts", Integer.toString(reply.attempts()));
        return headers;
    }

    private static HttpAnswer failed(ChatReply reply) {
        Optional<Reason> known = reply.reason().flatMap(Reason::of);
        // A word of a later release would be a label of its own in metrics.
        String word = known.map(Reason::word).orElse("failed");
        int status = known.map(reason -> status(reason, reply)).orElse(BAD_GATEWAY);
        Map<String, String> headers = timing(reply);
        headers.put(ErrorBody.SHOULD_RETRY, "false"); // the queue has tried as often as it may help
        return new HttpAnswer(status, HttpAnswer.JSON, headers, errorBody(reply, status, word), word);
    }

    private static int status(Reason reason, ChatReply reply) {
        return switch (reason) {
            case INVALID_REQUEST, REPLY_TOPIC_REFUSED, UNREADABLE -> 400;
            case TOO_LARGE -> 413;
            case EXPIRED -> GATEWAY_TIMEOUT;
            case CANCELLED -> 409;
            case REJECTED, ATTEMPTS_EXHAUSTED, NEVER_ADMITTED, STREAM_CUT -> {
                int last = reply.httpStatus().orElse(BAD_GATEWAY);
                yield last >= 400 && last <= 599 ? last : BAD_GATEWAY;
            }
        };
    }

    /** Keeps a body that clients can read, and replaces any other. */
    private static byte[] errorBody(ChatReply reply, int status, String word) {
        try {
            if (MAPPER.readTree(reply.body()).path("error").isObject()) {
                return reply.body();
            }
        } catch (JacksonException e) {
            // Not JSON. The answer below says what is known.
        }
        return ErrorBody.ended(status, word, "the request failed: " + word).body();
    }

    /** Returns the answer for an ask that has failed. */
    static HttpAnswer of(Throwable failure) {
        Throwable cause =
                failure instanceof CompletionException && failure.getCause() != null ? failure.getCause() : failure;
        if (cause instanceof ChatFailedException failed) {
            return failed(failed.reply());
        } else if (cause instanceof InvalidChatRequestException invalid) {
            String field = invalid.problems().get(0).field();
            return ErrorBody.invalid(400, "invalid_request", field, String.valueOf(cause.getMessage()));
        } else if (cause instanceof ReplyTimeoutException) {
            return ErrorBody.ended(GATEWAY_TIMEOUT, "timeout", "the request was not answered in time");
        } else if (cause.getCause() instanceof RecordTooLargeException) {
            return ErrorBody.invalid(413, "too_large", null, "the request is larger than the queue's topic takes");
        } else if (cause instanceof ChatStreamException) {
            String words = "another call has answered the request than the one whose text was shown; ask again";
            return ErrorBody.ended(BAD_GATEWAY, Reason.STREAM_CUT.word(), words);
        } else if (cause instanceof ChatQueueException) {
            return unavailable();
        }
        return ErrorBody.ended(500, "internal_error", "the gateway failed; its log says why");
    }

    /** The words of Kafka's exceptions name hosts and topics, so they are for the log and not for callers. */
    static HttpAnswer unavailable() {
        return ErrorBody.busy(503, "queue_unavailable", "the queue cannot be reached; try again", 5);
    }
}
