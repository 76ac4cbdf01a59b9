package dev.sluice.worker.intake;

import dev.sluice.wire.ContentHash;
import dev.sluice.wire.WireHeaders;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.jspecify.annotations.Nullable;

/**
 * A record of an input topic and what its headers say of it, whether or not its body can be understood.
 *
 * @param assignment the assignment under which it was fetched
 * @param record the record as Kafka gave it; its arrays are never changed
 * @param id the request's id
 * @param attempts calls that really failed
 * @param deferrals times it was put off through no fault of its own
 * @param enqueuedAt epoch ms of the request's first record; of one that was called before, its {@link #waitsSince}
 * @param notBefore epoch ms before which it is not called; 0 for at once
 * @param expiresAt epoch ms from which on it is not called any more; {@link Long#MAX_VALUE} for never
 * @param weight the bytes it is counted with while it is in memory
 */
public record InputRecord(
        Assignment assignment,
        ConsumerRecord<byte[], byte[]> record,
        String id,
        int attempts,
        int deferrals,
        long enqueuedAt,
        long notBefore,
        long expiresAt,
        long weight) {

    /** What the objects around a record cost in memory, roughly; counted so that empty records have a weight too. */
    private static final int OVERHEAD = 512;

    /** Likewise those around a header: a record of a megabyte has room for some hundred thousand. */
    private static final int HEADER_OVERHEAD = 100;

    /** Of a record that is not weighed yet. */
    public InputRecord(
            Assignment assignment,
            ConsumerRecord<byte[], byte[]> record,
            String id,
            int attempts,
            int deferrals,
            long enqueuedAt,
            long notBefore,
            long expiresAt) {
        this(assignment, record, id, attempts, deferrals, enqueuedAt, notBefore, expiresAt, weightOf(record));
    }

    /** Looking at a header's value also lets go of what Kafka fetched it in, which would be kept for it as a whole. */
    private static long weightOf(ConsumerRecord<byte[], byte[]> record) {
        long weight = OVERHEAD;
        weight += Math.max(0, record.serializedKeySize()) + (long) Math.max(0, record.serializedValueSize());
        for (Header header : record.headers()) {
            byte[] value = header.value();
            weight += HEADER_OVERHEAD + header.key().length() + (value == null ? 0 : value.length);
        }
        return weight;
    }

    /** Epoch ms since which it waits to be answered: its first record's, or its producer's not-before where that is later. */
    public long waitsSince() {
        boolean wasCalled = attempts > 0 || deferrals > 0;
        return wasCalled ? enqueuedAt : Math.max(enqueuedAt, notBefore);
    }

    /**
     * Epoch ms from which on it is not called any more: its own expiry, or when it is older than the oldest that is called.
     *
     * @param maxAgeMillis {@link Long#MAX_VALUE} for any age
     */
    public long isOverAt(long maxAgeMillis) {
        boolean ever = maxAgeMillis >= Long.MAX_VALUE - waitsSince();
        return ever ? expiresAt : Math.min(expiresAt, waitsSince() + maxAgeMillis + 1);
    }

    public TopicPartition partition() {
        return assignment.partition();
    }

    public long offset() {
        return record.offset();
    }

    public byte @Nullable [] key() {
        return record.key();
    }

    public byte @Nullable [] value() {
        return record.value();
    }

    /** One of the record's headers as text. */
    public Optional<String> header(String name) {
        return WireHeaders.text(record.headers(), name);
    }

    /** How old an answer to the same request may be; empty where it wants no answer but its own. */
    public Optional<Duration> cacheFor() {
        return WireHeaders.duration(record.headers(), WireHeaders.CACHE);
    }

    /** Equal for requests of one tenant with one body, which has to be there. */
    public String contentHash() {
        byte[] tenant = WireHeaders.bytes(record.headers(), WireHeaders.TENANT).orElse(null);
        return ContentHash.of(tenant, Objects.requireNonNull(value()));
    }

    @Override
    public String toString() {
        return partition() + "@" + offset();
    }
}
