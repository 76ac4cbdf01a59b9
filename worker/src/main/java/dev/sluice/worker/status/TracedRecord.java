package dev.sluice.worker.status;

import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.deadletters.BodySummary;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * One record of a request, without what was asked and answered. Immutable.
 *
 * @param kind what the record is
 * @param topic the topic in which it lies
 * @param position its place, {@code topic-partition@offset}
 * @param at the time at which it was written
 * @param isOpen true for a request that no worker has ended or written elsewhere; it waits or is being called
 * @param model the model, or an empty text for a reply or a body without one
 * @param headers the headers of {@link #SHOWN} that it has
 */
public record TracedRecord(
        Kind kind,
        String topic,
        String position,
        Instant at,
        boolean isOpen,
        String model,
        Map<String, String> headers) {
    /** Tells what a record is. */
    public enum Kind {
        REQUEST,
        DEAD_LETTER,
        REPLY
    }

    /** The headers that say what has happened to a request. None of them has words of the request or the answer. */
    static final List<String> SHOWN = List.of(
            WireHeaders.TENANT,
            WireHeaders.GROUP,
            WireHeaders.PRIORITY,
            WireHeaders.ATTEMPTS,
            WireHeaders.DEFERRALS,
            WireHeaders.REPLAYS,
            WireHeaders.ENQUEUED_AT,
            WireHeaders.NOT_BEFORE,
            WireHeaders.EXPIRES_AT,
            WireHeaders.LAST_ERROR,
            WireHeaders.STATUS,
            WireHeaders.REASON,
            WireHeaders.HTTP_STATUS,
            WireHeaders.QUEUED_MS,
            WireHeaders.CALL_MS,
            WireHeaders.REPLY_TOPIC);

    public TracedRecord {
        headers = Map.copyOf(headers);
    }

    static TracedRecord of(ConsumerRecord<byte[], byte[]> record, Kind kind, boolean isOpen) {
        Map<String, String> shown = new HashMap<>();
        for (String name : SHOWN) {
            WireHeaders.text(record.headers(), name).ifPresent(value -> shown.put(name, shortened(value)));
        }
        return new TracedRecord(
                kind,
                record.topic(),
                position(record),
                Instant.ofEpochMilli(Math.max(0, record.timestamp())),
                isOpen,
                kind == Kind.REPLY
                        ? ""
                        : shortened(BodySummary.of(record.value()).model()),
                shown);
    }

    /** Returns the id by which a record is asked for. One without an id has the place where it was published. */
    static String id(ConsumerRecord<byte[], byte[]> record) {
        return WireHeaders.text(record.headers(), WireHeaders.ID).orElseGet(() -> position(record));
    }

    private static String position(ConsumerRecord<byte[], byte[]> record) {
        return record.topic() + "-" + record.partition() + "@" + record.offset();
    }

    /** Cuts a text from outside, which may have any length. */
    static String shortened(String value) {
        return value.length() <= WireHeaders.MAX_TEXT_BYTES ? value : value.substring(0, WireHeaders.MAX_TEXT_BYTES);
    }

    /** Returns the value of one of the headers of {@link #SHOWN}. */
    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    /** Returns the value of a header whose values are numbers. It is empty for any other text. */
    public OptionalLong number(String name) {
        String value = headers.getOrDefault(name, "");
        return value.matches("[0-9]{1,18}") ? OptionalLong.of(Long.parseLong(value)) : OptionalLong.empty();
    }
}
