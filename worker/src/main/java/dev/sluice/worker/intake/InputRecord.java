package dev.sluice.worker.intake;

import dev.sluice.wire.ContentHash;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.cancel.CancelMarks;
import dev.sluice.worker.pieces.StreamTarget;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/**
 * A record of an input topic with the values of its headers, whether or not its body is valid.
 *
 * @param assignment the assignment under which the record was fetched
 * @param record the record as Kafka gave it; its arrays are never changed
 * @param id the request's id
 * @param attempts the number of calls that really failed
 * @param deferrals the number of times that the request was put off through no fault of its own
 * @param enqueuedAt epoch ms of the request's first record; for a request that was called before, its {@link
 *     #waitsSince}
 * @param notBefore epoch ms before which the request is not called; 0 for at once
 * @param expiresAt epoch ms from which the request is not called any more; {@link Long#MAX_VALUE} for never
 * @param weight the bytes that the record counts with while it is in memory
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

    // roughly the memory of the objects around a record; counted so that empty records have a weight, too
    private static final int OVERHEAD = 512;

    // the same for a header, since a record of a megabyte has room for some hundred thousand headers
    private static final int HEADER_OVERHEAD = 100;

    /** Weighs the record. */
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

    private static long weightOf(ConsumerRecord<byte[], byte[]> record) {
        long weight = OVERHEAD;
        weight += Math.max(0, record.serializedKeySize()) + (long) Math.max(0, record.serializedValueSize());
        for (Header header : record.headers()) {
            // reading the value also frees the fetched buffer, which Kafka's header would keep as a whole
            byte[] value = header.value();
            weight += HEADER_OVERHEAD + header.key().length() + (value == null ? 0 : value.length);
        }
        return weight;
    }

    /**
     * Returns the epoch ms since which the request waits for its answer. This is the time of its first record, or its
     * producer's not-before if that is later.
     */
    public long waitsSince() {
        boolean wasCalled = attempts > 0 || deferrals > 0;
        return wasCalled ? enqueuedAt : Math.max(enqueuedAt, notBefore);
    }

    /**
     * Returns the epoch ms from which the request is not called any more, because it has expired or exceeds the maximum
     * age.
     *
     * @param maxAgeMillis {@link Long#MAX_VALUE} for any age
     */
    public long deadline(long maxAgeMillis) {
        boolean anyAge = maxAgeMillis >= Long.MAX_VALUE - waitsSince();
        return anyAge ? expiresAt : Math.min(expiresAt, waitsSince() + maxAgeMillis + 1);
    }

    /**
     * Returns true if the request was published to the express topic. On the topics that workers write a header tells,
     * since only they can have set it there.
     */
    public boolean isExpress() {
        return isExpress(assignment, record.headers());
    }

    static boolean isExpress(Assignment assignment, Headers headers) {
        TrafficClass from = assignment.trafficClass();
        return from == TrafficClass.EXPRESS
                || (from != TrafficClass.REQUESTS
                        && WireHeaders.text(headers, WireHeaders.PRIORITY)
                                .filter(WireHeaders.EXPRESS::equals)
                                .isPresent());
    }

    /** Returns true if the publisher matches the reply with the request, as one does that waits for it. */
    public boolean isAsk() {
        return WireHeaders.bytes(record.headers(), WireHeaders.CORRELATION_ID).isPresent();
    }

    /** Returns true if one of these marks cancels the request. */
    public boolean isCancelled(CancelMarks marks) {
        return marks.include(id, enqueuedAt, record.headers());
    }

    /** Returns where the pieces of a streamed answer go; empty if nobody reads along. */
    public Optional<StreamTarget> streamTarget() {
        return StreamTarget.of(record.headers());
    }

    /** Returns true if a call of the request is aborted once the request is cancelled. */
    public boolean isAbortable() {
        return WireHeaders.text(record.headers(), WireHeaders.ABORT)
                .filter(WireHeaders.TRUE::equals)
                .isPresent();
    }

    /** Returns true if the request leaves no dead letter when it fails. */
    public boolean declinesDeadLetter() {
        return WireHeaders.text(record.headers(), WireHeaders.DEAD)
                .filter(WireHeaders.NONE::equals)
                .isPresent();
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

    /** Returns a header of the record as text. */
    public Optional<String> header(String name) {
        return WireHeaders.text(record.headers(), name);
    }

    /** Returns how old an answer to an equal request may be, or empty if the request wants its own answer. */
    public Optional<Duration> cacheFor() {
        return WireHeaders.duration(record.headers(), WireHeaders.CACHE);
    }

    /** Returns a hash that is equal for requests of one tenant with equal bodies. The record must have a body. */
    public String contentHash() {
        byte[] tenant = WireHeaders.bytes(record.headers(), WireHeaders.TENANT).orElse(null);
        return ContentHash.of(tenant, Objects.requireNonNull(value()));
    }

    @Override
    public String toString() {
        return partition() + "@" + offset();
    }
}
