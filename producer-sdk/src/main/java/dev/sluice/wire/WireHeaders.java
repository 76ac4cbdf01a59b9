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
 * Names and encodings of the headers that travel with requests, replies and dead letters.
 *
 * <p>Ours are UTF-8 text, numbers in decimal. The three {@code kafka_*} ones are the convention of Spring's {@code
 * ReplyingKafkaTemplate} and keep its encoding: the correlation id is raw bytes, the reply partition a 4-byte big-endian
 * integer, the reply topic UTF-8. Where a header occurs more than once the last one counts, as in Kafka's own {@link
 * Headers#lastHeader}. All methods are stateless and thread-safe.
 */
public final class WireHeaders {
    /** The request's id: what joins a request, its retries, its reply and its dead letter. */
    public static final String ID = "sluice-id";

    public static final String CORRELATION_ID = "kafka_correlationId";
    public static final String REPLY_TOPIC = "kafka_replyTopic";
    public static final String REPLY_PARTITION = "kafka_replyPartition";

    /** W3C Trace Context, passed on to the API and to the reply. */
    public static final String TRACEPARENT = "traceparent";

    public static final String TRACESTATE = "tracestate";

    public static final String TENANT = "sluice-tenant";
    /** Epoch milliseconds before which the request is not called. */
    public static final String NOT_BEFORE = "sluice-not-before";
    /** Epoch milliseconds from which on the request is not called any more. */
    public static final String EXPIRES_AT = "sluice-expires-at";

    /** ISO 8601 duration: an identical request that was answered within it is answered from memory. */
    public static final String CACHE = "sluice-cache";

    /** How many calls really failed. */
    public static final String ATTEMPTS = "sluice-attempts";
    /** How often the request was put off through no fault of its own. */
    public static final String DEFERRALS = "sluice-deferrals";
    /** Epoch milliseconds of the first record of this request. */
    public static final String ENQUEUED_AT = "sluice-enqueued-at";

    public static final String LAST_ERROR = "sluice-last-error";

    /** {@link #OK} or {@link #FAILED}. */
    public static final String STATUS = "sluice-status";

    public static final String HTTP_STATUS = "sluice-http-status";
    /** One word of {@link Reason}. */
    public static final String REASON = "sluice-reason";

    public static final String QUEUED_MS = "sluice-queued-ms";
    public static final String CALL_MS = "sluice-call-ms";
    /** On a dead letter: {@code topic-partition@offset} of the record it was made from. */
    public static final String ORIGIN = "sluice-origin";

    /** On a request that was a dead letter before: how often an operator has replayed it. */
    public static final String REPLAYS = "sluice-replays";
    /**
     * Makes a record of the dead-letter topic a mark instead of a letter: the letter at this offset of the same partition
     * has been replayed. A mark has no key, no value and no {@link #REASON}.
     */
    public static final String REPLAYED = "sluice-replayed";

    public static final String OK = "ok";
    public static final String FAILED = "failed";

    /** The longest id and tenant a worker accepts, in UTF-8 bytes. */
    public static final int MAX_TEXT_BYTES = 256;

    private static final int MAX_DURATION_LENGTH = 64;

    private WireHeaders() {}

    /** The header as UTF-8 text; empty where it is absent or null. */
    public static Optional<String> text(Headers headers, String name) {
        return bytes(headers, name).map(value -> new String(value, StandardCharsets.UTF_8));
    }

    /** The header's raw bytes; empty where it is absent or null. */
    public static Optional<byte[]> bytes(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null ? Optional.empty() : Optional.ofNullable(header.value());
    }

    /**
     * The header as a decimal number that is not negative; empty where it is absent.
     *
     * @throws IllegalArgumentException naming the header and its value where it is no such number
     */
    public static OptionalLong number(Headers headers, String name) {
        Optional<String> text = text(headers, name);
        if (text.isEmpty()) {
            return OptionalLong.empty();
        }
        String digits = text.get();
        if (digits.isEmpty() || digits.length() > 18 || !digits.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw new IllegalArgumentException("header " + name + " must be a decimal number of at most 18 digits, is '"
                    + abbreviated(digits) + "'");
        }
        return OptionalLong.of(Long.parseLong(digits));
    }

    /**
     * The header as a duration of more than zero, in ISO 8601 as {@code PT10M}; empty where it is absent.
     *
     * @throws IllegalArgumentException naming the header and its value where it is no such duration
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
        } catch (DateTimeParseException none) {
            return Optional.empty();
        }
    }

    /**
     * The reply partition; empty where none is named.
     *
     * @throws IllegalArgumentException where it is not a 4-byte integer that is 0 or more
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

    /** Replaces every header of this name by one; nothing is ever appended, so that retries do not grow a record. */
    public static void set(Headers headers, String name, String value) {
        headers.remove(name).add(name, value.getBytes(StandardCharsets.UTF_8));
    }

    public static void set(Headers headers, String name, long value) {
        set(headers, name, Long.toString(value));
    }

    public static byte[] encodePartition(int partition) {
        return ByteBuffer.allocate(Integer.BYTES).putInt(partition).array();
    }

    /** A foreign value, cut so that it can stand in a message. */
    public static String abbreviated(String value) {
        return value.length() <= 64 ? value : value.substring(0, 64) + "…";
    }
}
