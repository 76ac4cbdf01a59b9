package dev.sluice.wire;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;

/**
 * Names and encodings of the headers on requests, replies and dead letters.
 *
 * <p>The queue's own headers are UTF-8 text with decimal numbers. The three {@code kafka_*} headers follow the
 * convention of Spring's {@code ReplyingKafkaTemplate} and keep its encoding. The correlation id is raw bytes. The
 * reply partition is a 4-byte big-endian integer. The reply topic is UTF-8.
 *
 * <p>If a header occurs more than once, the last one counts, as in Kafka's own {@link Headers#lastHeader}. All methods
 * are stateless and thread-safe.
 */
public final class WireHeaders {
    /** The request's id. It joins a request with its retries, its reply and its dead letter. */
    public static final String ID = "sluice-id";

    /** The raw bytes that match a reply with its ask. The worker copies them from the request to the reply. */
    public static final String CORRELATION_ID = "kafka_correlationId";
    /** The topic for the reply. It must be one of the topics that the workers may reply to. */
    public static final String REPLY_TOPIC = "kafka_replyTopic";
    /** The partition for the reply, a 4-byte big-endian integer. */
    public static final String REPLY_PARTITION = "kafka_replyPartition";

    /** The W3C trace context, passed to the API and to the reply. */
    public static final String TRACEPARENT = "traceparent";

    /** The vendors' part of the trace context. */
    public static final String TRACESTATE = "tracestate";

    /** The tenant for whom the request is made, at most {@value #MAX_TEXT_BYTES} bytes. */
    public static final String TENANT = "sluice-tenant";
    /** The group of requests that can be cancelled by one mark, at most {@value #MAX_TEXT_BYTES} bytes. */
    public static final String GROUP = "sluice-group";
    /** Present if a call that is under way is aborted when the request is cancelled. Its value is {@link #TRUE}. */
    public static final String ABORT = "sluice-abort";
    /** Present with the value {@link #NONE} if the request leaves no dead letter when it fails. */
    public static final String DEAD = "sluice-dead";
    /**
     * The partition of {@link Topics#streams()} on which the pieces of a streamed answer are published as they come, a
     * decimal number. It counts together with {@link #CORRELATION_ID}.
     */
    public static final String STREAM_TO = "sluice-stream-to";
    /** The epoch milliseconds before which the request is not called. */
    public static final String NOT_BEFORE = "sluice-not-before";
    /** The epoch milliseconds from which the request is not called any more, and from which a mark no longer counts. */
    public static final String EXPIRES_AT = "sluice-expires-at";

    /** The ISO 8601 duration within which an identical request's answer is returned from memory. */
    public static final String CACHE = "sluice-cache";

    /**
     * The priority of a request, {@link #EXPRESS} or none. Workers set it on retries, delayed requests and dead letters
     * of what was published to {@link Topics#express()}. Producers choose a topic instead: workers ignore this header
     * on what producers have written.
     */
    public static final String PRIORITY = "sluice-priority";

    /** The number of calls that really failed. */
    public static final String ATTEMPTS = "sluice-attempts";
    /** The number of times the request was deferred through no fault of its own. */
    public static final String DEFERRALS = "sluice-deferrals";
    /**
     * The epoch milliseconds of the first record of this request. After the first call it is the time when the request
     * was first due, if that was later.
     */
    public static final String ENQUEUED_AT = "sluice-enqueued-at";

    /** The last error in a few words, such as {@code 429 dynamic_request_limited} or {@code timeout}. */
    public static final String LAST_ERROR = "sluice-last-error";
    /** The provider's own words about the last failure, at most 1,000 characters. Set by workers on dead letters. */
    public static final String ERROR_MESSAGE = "sluice-error-message";
    /** The type of the last error in the provider's own words. Set by workers on dead letters, if there was one. */
    public static final String ERROR_TYPE = "sluice-error-type";
    /** The code of the last error in the provider's own words. Set by workers on dead letters, if there was one. */
    public static final String ERROR_CODE = "sluice-error-code";
    /** The field of the request that the last error is about. Set by workers on dead letters, if there was one. */
    public static final String ERROR_PARAM = "sluice-error-param";
    /** The evidence that the request itself is at fault for its failures. Set by workers, for workers. */
    public static final String SUSPICION = "sluice-suspicion";

    /** The outcome, either {@link #OK} or {@link #FAILED}. */
    public static final String STATUS = "sluice-status";

    /** The HTTP status of the last answer. It is absent if there was none. */
    public static final String HTTP_STATUS = "sluice-http-status";
    /** The word of a {@link Reason}. */
    public static final String REASON = "sluice-reason";

    /**
     * The reason for a reply to be on the queue's own reply topic though its request names another. Set by workers. The
     * reply keeps {@link #REPLY_TOPIC} and {@link #REPLY_PARTITION}.
     */
    public static final String REDIRECTED = "sluice-redirected";

    /** The milliseconds from the request's first record to the last call. */
    public static final String QUEUED_MS = "sluice-queued-ms";
    /** The duration of the last call in milliseconds. */
    public static final String CALL_MS = "sluice-call-ms";
    /**
     * The random id of one HTTP call, {@value #CALL_DIGITS} hexadecimal digits. Attempts identify none. Set by workers
     * on the {@linkplain StreamPiece pieces} and the reply of a streamed call.
     */
    public static final String CALL = "sluice-call";
    /** The number of a piece's first chunk among those of its call, from 0 on. */
    public static final String PIECE = "sluice-piece";
    /** Present on the reply of a streamed call, whose body workers have put together. Its value is {@link #TRUE}. */
    public static final String ASSEMBLED = "sluice-assembled";

    /** The {@code topic-partition@offset} of the record that a dead letter was made from. */
    public static final String ORIGIN = "sluice-origin";

    /** The number of times an operator has replayed this request after it was a dead letter. */
    public static final String REPLAYS = "sluice-replays";
    /**
     * The offset of a dead letter in the same partition that has been replayed. A record of the dead-letter topic with
     * this header is a mark, not a letter. A mark has no key, no value and no {@link #REASON}.
     */
    public static final String REPLAYED = "sluice-replayed";
    /** The person who has replayed a dead letter, on its mark. */
    public static final String REPLAYED_BY = "sluice-replayed-by";

    /** The {@link #PRIORITY} of a request that was published to {@link Topics#express()}. */
    public static final String EXPRESS = "express";

    /** The value of {@link #ABORT} and {@link #ASSEMBLED}. */
    public static final String TRUE = "true";

    /** The value of {@link #DEAD}. */
    public static final String NONE = "none";

    /** The {@link #STATUS} of an answered request. */
    public static final String OK = "ok";
    /** The {@link #STATUS} of a request that ended without an answer. */
    public static final String FAILED = "failed";

    /** The longest id and tenant that a worker accepts, in UTF-8 bytes. */
    public static final int MAX_TEXT_BYTES = 256;

    /** The length of a {@link #CALL}. */
    public static final int CALL_DIGITS = 16;

    /** The longest delay, ten years: a {@link #NOT_BEFORE} farther ahead is a mistake, such as microseconds. */
    public static final Duration MAX_DELAY = Duration.ofDays(3_653);

    private static final int MAX_DURATION_LENGTH = 64;

    private WireHeaders() {}

    /** Returns the header as UTF-8 text. It is empty if the header is absent or null. */
    public static Optional<String> text(Headers headers, String name) {
        return bytes(headers, name).map(value -> new String(value, StandardCharsets.UTF_8));
    }

    /** Returns the header's raw bytes. The result is empty if the header is absent or null. */
    public static Optional<byte[]> bytes(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null ? Optional.empty() : Optional.ofNullable(header.value());
    }

    /**
     * Returns the header as a non-negative decimal number. It is empty if the header is absent.
     *
     * @throws IllegalArgumentException with the header and its value if the value is not such a number
     */
    public static OptionalLong number(Headers headers, String name) {
        Optional<String> text = text(headers, name);
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        String digits = text.get();
        // 18 digits always fit into a long
        if (digits.isEmpty() || digits.length() > 18 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("header " + name + " must be a decimal number of at most 18 digits, is '"
                    + abbreviated(digits) + "'");
        }
        return OptionalLong.of(Long.parseLong(digits));
    }

    /**
     * Returns the header as a positive duration in ISO 8601, for example {@code PT10M}. It is empty if the header is
     * absent.
     *
     * @throws IllegalArgumentException with the header and its value if the value is not such a duration
     */
    public static Optional<Duration> duration(Headers headers, String name) {
        Optional<String> text = text(headers, name);
        Optional<Duration> duration = text.flatMap(WireHeaders::positiveDuration);
        if (text.isPresent() && duration.isEmpty()) {
            throw new IllegalArgumentException("header " + name + " must be a duration of more than zero such as PT10M,"
                    + " is '" + abbreviated(text.get()) + "'");
        }
        return duration;
    }

    private static Optional<Duration> positiveDuration(String text) {
        try {
            return text.length() > MAX_DURATION_LENGTH
                    ? Optional.empty()
                    : Optional.of(Duration.parse(text)).filter(time -> !time.isNegative() && !time.isZero());
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns the reply partition. It is empty if the header is absent.
     *
     * @throws IllegalArgumentException if the value is not a 4-byte integer of 0 or more
     */
    public static OptionalInt replyPartition(Headers headers) {
        Optional<byte[]> value = bytes(headers, REPLY_PARTITION);
        if (value.isEmpty()) {
            return OptionalInt.empty();
        }
        byte[] raw = value.get();
        if (raw.length != Integer.BYTES || raw[0] < 0) {
            throw new IllegalArgumentException(
                    "header " + REPLY_PARTITION + " must be a 4-byte big-endian integer of 0 or more, is " + raw.length
                            + " bytes" + (raw.length == Integer.BYTES ? " and negative" : ""));
        }
        return OptionalInt.of(ByteBuffer.wrap(raw).getInt());
    }

    /** Replaces every header of this name by one. Nothing is appended, so retries do not grow a record. */
    public static void set(Headers headers, String name, String value) {
        headers.remove(name).add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    /** Replaces every header of this name by a decimal number. */
    public static void set(Headers headers, String name, long value) {
        set(headers, name, Long.toString(value));
    }

    /** Encodes a partition as a 4-byte big-endian integer, for {@link #REPLY_PARTITION}. */
    public static byte[] encodePartition(int partition) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(partition).array();
    }

    /** Shortens a foreign value to at most 64 characters and an ellipsis, for use in a message. */
    public static String abbreviated(String value) {
        return value.length() <= 64 ? value : value.substring(0, 64) + "…";
    }
}
