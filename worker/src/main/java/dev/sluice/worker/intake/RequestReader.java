package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.provider.ChatRequestBody;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads a record's headers and just enough of its body to route the request.
 *
 * <p>Producers are not trusted. On the topics that they write it ignores the counters and the time of enqueueing, since
 * only workers may write them. Thread-safe.
 */
final class RequestReader {
    /**
     * The largest value that fits into a dead letter. A larger one is not kept in memory until the request has ended.
     */
    static final int MAX_DEAD_LETTER_BYTES = 8 << 20;

    private static final Logger log = LoggerFactory.getLogger(RequestReader.class);

    private final Topics topics;
    private final int maxBytes;
    private final ReplyTopics replyTopics;
    private final Clock clock;

    /** @param maxBytes the largest body that is parsed; the topic bounds a batch only before it is decompressed */
    RequestReader(Topics topics, int maxBytes, ReplyTopics replyTopics, Clock clock) {
        this.topics = topics;
        this.maxBytes = maxBytes;
        this.replyTopics = replyTopics;
        this.clock = clock;
    }

    ParsedRecord read(Assignment assignment, ConsumerRecord<byte[], byte[]> record) {
        InputRecord bare = withoutHeaders(assignment, record);
        if (record.value() != null && record.value().length > maxBytes) {
            boolean carried = record.value().length <= MAX_DEAD_LETTER_BYTES;
            InputRecord light = carried ? bare : withoutHeaders(assignment, withoutValue(record));
            return new ParsedRecord.Refused(light, Reason.TOO_LARGE, tooLarge(record.value().length));
        }
        try {
            InputRecord input = withHeaders(bare);
            ChatRequestBody body = ChatRequestBody.read(input.value());
            String tenant = input.header(WireHeaders.TENANT).orElse("");
            Request request = new Request(input, body.model(), tenant, body.maxTokens(), body.choices());
            return replyTopics
                    .problem(input)
                    .<ParsedRecord>map(problem -> new ParsedRecord.Refused(input, Reason.REPLY_TOPIC_REFUSED, problem))
                    .orElseGet(() -> new ParsedRecord.Ready(request));
        } catch (IllegalArgumentException unreadable) {
            return new ParsedRecord.Refused(bare, Reason.INVALID_REQUEST, unreadable.getMessage());
        } catch (RuntimeException defect) {
            // otherwise this record would end every worker that reads it, one after another
            log.atError()
                    .addKeyValue("record", bare)
                    .setCause(defect)
                    .log("Record refused because of a defect in Sluice");
            return new ParsedRecord.Refused(bare, Reason.INVALID_REQUEST, "the request cannot be read");
        }
    }

    /** Returns the backlog of a record at a glance. What is no request belongs to {@link Backlog#NONE}. */
    Backlog backlogOf(Assignment assignment, ConsumerRecord<byte[], byte[]> record) {
        try {
            Headers headers = record.headers();
            String tenant = WireHeaders.text(headers, WireHeaders.TENANT).orElse("");
            return ChatRequestBody.model(record.value())
                    .map(model -> new Backlog(model, tenant, kindOf(assignment, record, headers)))
                    .orElse(Backlog.NONE);
        } catch (IllegalArgumentException unreadable) {
            return Backlog.NONE;
        }
    }

    private Backlog.Kind kindOf(Assignment assignment, ConsumerRecord<byte[], byte[]> record, Headers headers) {
        boolean ours = !topics.isFromProducers(record.topic());
        if (InputRecord.isExpress(assignment, headers)) {
            return Backlog.Kind.EXPRESS;
        }
        boolean wasCalled =
                ours && number(headers, WireHeaders.ATTEMPTS, 0) + number(headers, WireHeaders.DEFERRALS, 0) > 0;
        return wasCalled ? Backlog.Kind.CALLED_BEFORE : Backlog.Kind.NEW;
    }

    /** Returns a record of which only the offset is known. */
    ParsedRecord unreadable(Assignment assignment, long offset, String problem) {
        TopicPartition partition = assignment.partition();
        ConsumerRecord<byte[], byte[]> nothing =
                new ConsumerRecord<>(partition.topic(), partition.partition(), offset, null, null);
        return new ParsedRecord.Refused(withoutHeaders(assignment, nothing), Reason.UNREADABLE, problem);
    }

    private static ConsumerRecord<byte[], byte[]> withoutValue(ConsumerRecord<byte[], byte[]> record) {
        return new ConsumerRecord<>(
                record.topic(),
                record.partition(),
                record.offset(),
                record.timestamp(),
                record.timestampType(),
                record.serializedKeySize(),
                ConsumerRecord.NULL_SIZE,
                record.key(),
                null,
                record.headers(),
                record.leaderEpoch());
    }

    private String tooLarge(int bytes) {
        return "the body has " + bytes + " bytes, more than the " + maxBytes
                + " that workers accept; shorten it, or raise --max-request-bytes on the workers";
    }

    /** Returns a record without the headers that may be invalid. It suffices to end the request with a reply. */
    private InputRecord withoutHeaders(Assignment assignment, ConsumerRecord<byte[], byte[]> record) {
        String id = WireHeaders.text(record.headers(), WireHeaders.ID)
                .filter(text -> problemOf(text) == null)
                .orElse(record.topic() + "-" + record.partition() + "@" + record.offset());
        long appendedAt = record.timestamp() >= 0 ? record.timestamp() : clock.millis();
        return new InputRecord(assignment, record, id, 0, 0, appendedAt, 0, Long.MAX_VALUE);
    }

    private InputRecord withHeaders(InputRecord bare) {
        Headers headers = bare.record().headers();
        requireText(headers, WireHeaders.ID);
        requireText(headers, WireHeaders.TENANT);
        WireHeaders.replyPartition(headers);
        WireHeaders.duration(headers, WireHeaders.CACHE);
        requireNear(number(headers, WireHeaders.NOT_BEFORE, 0), bare.enqueuedAt());
        boolean ours = !topics.isFromProducers(bare.record().topic());
        return new InputRecord(
                bare.assignment(),
                bare.record(),
                bare.id(),
                ours ? counter(headers, WireHeaders.ATTEMPTS) : 0,
                ours ? counter(headers, WireHeaders.DEFERRALS) : 0,
                ours ? number(headers, WireHeaders.ENQUEUED_AT, bare.enqueuedAt()) : bare.enqueuedAt(),
                number(headers, WireHeaders.NOT_BEFORE, 0),
                number(headers, WireHeaders.EXPIRES_AT, Long.MAX_VALUE),
                bare.weight());
    }

    /** Measures from the broker's time too, so that a host whose clock is years behind ends no request. */
    private void requireNear(long notBefore, long appendedAt) {
        long now = Math.max(clock.millis(), appendedAt);
        if (notBefore - now > WireHeaders.MAX_DELAY.toMillis()) {
            throw new IllegalArgumentException("header " + WireHeaders.NOT_BEFORE + " is more than ten years ahead; "
                    + "it must be epoch milliseconds, is " + notBefore);
        }
    }

    private static int counter(Headers headers, String name) {
        return (int) Math.min(number(headers, name, 0), Integer.MAX_VALUE);
    }

    private static long number(Headers headers, String name, long otherwise) {
        return WireHeaders.number(headers, name).orElse(otherwise);
    }

    private static void requireText(Headers headers, String name) {
        Optional<String> problem = WireHeaders.text(headers, name).map(RequestReader::problemOf);
        if (problem.isPresent()) {
            throw new IllegalArgumentException("header " + name + " " + problem.get());
        }
    }

    private static @Nullable String problemOf(String text) {
        int bytes = text.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > WireHeaders.MAX_TEXT_BYTES) {
            return "must be 1 to " + WireHeaders.MAX_TEXT_BYTES + " bytes, is " + bytes;
        }
        return text.chars().anyMatch(Character::isISOControl) ? "must not contain control characters" : null;
    }
}
