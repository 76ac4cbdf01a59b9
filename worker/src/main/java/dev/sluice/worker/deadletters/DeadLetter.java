package dev.sluice.worker.deadletters;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.text.PrintableText;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * A dead letter. Everything in it is foreign text of any length: what is shown of it goes through {@link PrintableText}.
 *
 * @param record as Kafka gave it; its arrays are never changed
 * @param body what a glance at the value tells
 */
public record DeadLetter(ConsumerRecord<byte[], byte[]> record, DeadLetterBody body) {
    public static DeadLetter of(ConsumerRecord<byte[], byte[]> record) {
        return new DeadLetter(record, DeadLetterBody.of(record.value()));
    }

    public TopicPartition partition() {
        return new TopicPartition(record.topic(), record.partition());
    }

    /** Where it lies: {@code topic-partition@offset}. */
    public String position() {
        return partition() + "@" + record.offset();
    }

    /** The request's id; of a letter that no worker has written its position. */
    public String id() {
        return header(WireHeaders.ID).orElseGet(this::position);
    }

    /** When the request died. */
    public Instant at() {
        return Instant.ofEpochMilli(Math.max(0, record.timestamp()));
    }

    public Optional<String> header(String name) {
        return WireHeaders.text(record.headers(), name);
    }

    /** How often the request had been replayed when it died; 0 where the header is no number. */
    public int replays() {
        try {
            long replays =
                    WireHeaders.number(record.headers(), WireHeaders.REPLAYS).orElse(0);
            return (int) Math.min(replays, Integer.MAX_VALUE - 1);
        } catch (IllegalArgumentException notOurs) {
            return 0;
        }
    }
}
