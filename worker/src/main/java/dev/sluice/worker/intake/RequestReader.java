package dev.sluice.worker.intake;

import dev.sluice.wire.Reason;
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
 * Reads a record's headers and just enough of its body to route it.
 *
 * <p>Producers are not trusted: on the requests topic the counters and the time of enqueueing are ignored, since only
 * workers may write them. Thread-safe.
 */
final class RequestReader {
    /** A larger value fits into no dead letter, and is not kept in memory until the request has ended. */
    static final int MAX_LETTER_BYTES = 8 << 20;

    private static final Logger log = LoggerFactory.getLogger(RequestReader.class);

    private final String requestsTopic;
    private final int maxBytes;
    private final ReplyTopics replyTopics;
    private final Clock clock;

    /** @param maxBytes the largest body that is parsed; its topic bounds only what a batch is before it is unpacked */
    RequestReader(String requestsTopic, int maxBytes, ReplyTopics replyTopics, Clock clock) {
        this.requestsTopic = requestsTopic;
        this.maxBytes = maxBytes;
        this.replyTopics = replyTopics;
        this.clock = clock;
    }

    ParsedRecord read(Assignment assignment, ConsumerRecord<byte[], byte[]> record) {
        InputRecord bare = bare(assignment, record);
        if (record.value() != null && record.value().length > maxBytes) {
            boolean carried = record.value().length <= MAX_LETTER_BYTES;
            InputRecord light = carried ? bare : bare(assignment, withoutValue(record));
            return new ParsedRecord.Refused(light, Reason.TOO_LARGE, tooLarge(record.value().length));
        }
        try {
            InputRecord envelope = withHeaders(bare);
            ChatRequestBody body = ChatRequestBody.read(envelope.value());
            Request request = new Request(envelope, body.model(), body.maxTokens(), body.choices());
            return replyTopics
                    .problem(envelope)
                    .<ParsedRecord>map(
                            problem -> new ParsedRecord.Refused(envelope, Reason.REPLY_TOPIC_REFUSED, problem))
                    .orElseGet(() -> new ParsedRecord.Ready(request));
        } catch (IllegalArgumentException unreadable) {
            return new ParsedRecord.Refused(bare, Reason.INVALID_REQUEST, unreadable.getMessage());
        } catch (RuntimeException defect) {
            // else this record would end every worker that reads it, one after another
            log.atError().addKeyValue("record", bare).setCause(defect).log("a defect of ours: record cannot be read");
            return new ParsedRecord.Refused(bare, Reason.INVALID_REQUEST, "the request cannot be read");
        }
    }

    /** A record of which nothing is known but where it lies. */
    ParsedRecord unreadable(Assignment assignment, long offset, String problem) {
        TopicPartition partition = assignment.partition();
        ConsumerRecord<byte[], byte[]> nothing =
                new ConsumerRecord<>(partition.topic(), partition.partition(), offset, null, null);
        return new ParsedRecord.Refused(bare(assignment, nothing), Reason.UNREADABLE, problem);
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

    /** What is known without a look at numbers that may be wrong: enough to end the request with a reply. */
    private InputRecord bare(Assignment assignment, ConsumerRecord<byte[], byte[]> record) {
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
        boolean ours = !bare.record().topic().equals(requestsTopic);
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
