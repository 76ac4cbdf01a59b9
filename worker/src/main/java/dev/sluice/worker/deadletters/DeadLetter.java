package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.text.PrintableText;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * A dead letter. All of its text comes from strangers and may have any length. {@link PrintableText} makes it safe to
 * show.
 *
 * @param record the record as Kafka returned it, whose arrays are never changed
 * @param body the properties of the record's value
 */
public record DeadLetter(ConsumerRecord<byte[], byte[]> record, BodySummary body) {
    public static DeadLetter of(ConsumerRecord<byte[], byte[]> record) {
        return new DeadLetter(record, BodySummary.of(record.value()));
    }

    public TopicPartition partition() {
        return new TopicPartition(record.topic(), record.partition());
    }

    /** Returns the position of the record as {@code topic-partition@offset}. */
    public String position() {
        return partition() + "@" + record.offset();
    }

    /** Returns the request's id, or the position of a record without an id, which no worker has written. */
    public String id() {
        return header(WireHeaders.ID).orElseGet(this::position);
    }

    /** Returns the time at which the request died. */
    public Instant diedAt() {
        return Instant.ofEpochMilli(Math.max(0, record.timestamp()));
    }

    public Optional<String> header(String name) {
        return WireHeaders.text(record.headers(), name);
    }

    /** Returns the number of times the request had been replayed when it died, or 0 if the header is not a number. */
    public int replays() {
        try {
            long replays =
                    WireHeaders.number(record.headers(), WireHeaders.REPLAYS).orElse(0);
            return (int) Math.min(replays, Integer.MAX_VALUE - 1);
        } catch (IllegalArgumentException notANumber) {
            return 0;
        }
    }
}
