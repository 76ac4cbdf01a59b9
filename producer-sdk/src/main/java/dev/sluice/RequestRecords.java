package dev.sluice;

import dev.sluice.wire.ContentHash;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.jspecify.annotations.Nullable;

/** Writes requests as records of the topic of their priority, by the wire contract. The class is stateless. */
final class RequestRecords {
    private RequestRecords() {}

    /**
     * Makes the record of a request.
     *
     * @param id the request's own id, or a new one
     * @param expiresAt the request's own expiry, or the ask's deadline
     * @param replyTo the address of an ask, or null on a plain submit
     */
    static ProducerRecord<byte[], byte[]> record(
            Topics topics,
            ChatRequest request,
            String id,
            @Nullable Instant expiresAt,
            @Nullable ReplyAddress replyTo) {
        byte[] body = request.body();
        String topic = request.priority().topic(topics);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, key(request, id, body), body);
        Headers headers = record.headers();
        request.headers().forEach(headers::add);
        WireHeaders.set(headers, WireHeaders.ID, id);
        request.tenant().ifPresent(tenant -> WireHeaders.set(headers, WireHeaders.TENANT, tenant));
        request.group().ifPresent(group -> WireHeaders.set(headers, WireHeaders.GROUP, group));
        if (request.abortsIfCancelled()) {
            WireHeaders.set(headers, WireHeaders.ABORT, WireHeaders.TRUE);
        }
        if (!request.hasDeadLetter()) {
            WireHeaders.set(headers, WireHeaders.DEAD, WireHeaders.NONE);
        }
        request.notBefore().ifPresent(time -> WireHeaders.set(headers, WireHeaders.NOT_BEFORE, time.toEpochMilli()));
        if (expiresAt != null) {
            WireHeaders.set(headers, WireHeaders.EXPIRES_AT, expiresAt.toEpochMilli());
        }
        request.cacheFor().ifPresent(time -> WireHeaders.set(headers, WireHeaders.CACHE, time.toString()));
        request.traceparent().ifPresent(trace -> WireHeaders.set(headers, WireHeaders.TRACEPARENT, trace));
        request.tracestate().ifPresent(state -> WireHeaders.set(headers, WireHeaders.TRACESTATE, state));
        if (replyTo != null) {
            address(headers, replyTo);
        }
        return record;
    }

    private static void address(Headers headers, ReplyAddress replyTo) {
        headers.add(WireHeaders.CORRELATION_ID, replyTo.correlation());
        headers.add(WireHeaders.REPLY_TOPIC, replyTo.topic().getBytes(StandardCharsets.UTF_8));
        headers.add(WireHeaders.REPLY_PARTITION, WireHeaders.encodePartition(replyTo.partition()));
    }

    /**
     * Returns the record's key. It is the request's own key, else its content hash if it may be cached, else its id. A
     * record without a key would be worse: the producer fills a batch for one partition after another. The workers of
     * the other partitions would be idle meanwhile, with their shares of the rate limit.
     */
    private static byte[] key(ChatRequest request, String id, byte[] body) {
        return request.key()
                .orElseGet(() -> (request.cacheFor().isPresent() ? contentHash(request, body) : id)
                        .getBytes(StandardCharsets.UTF_8));
    }

    private static String contentHash(ChatRequest request, byte[] body) {
        byte[] tenant = request.tenant()
                .map(name -> name.getBytes(StandardCharsets.UTF_8))
                .orElse(null);
        return ContentHash.of(tenant, body);
    }
}
