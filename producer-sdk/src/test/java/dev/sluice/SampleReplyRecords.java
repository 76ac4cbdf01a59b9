package dev.sluice;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.wire.WireHeaders;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/** Makes reply records as the workers write them. */
final class SampleReplyRecords {
    private SampleReplyRecords() {}

    static ConsumerRecord<byte[], byte[]> ok(String topic, int partition, long offset, String id) {
        byte[] body = ("{\"choices\":[{\"finish_reason\":\"stop\",\"message\":{\"content\":\"re " + id + "\"}}]}")
                .getBytes(UTF_8);
        ConsumerRecord<byte[], byte[]> reply = new ConsumerRecord<>(topic, partition, offset, null, body);
        WireHeaders.set(reply.headers(), WireHeaders.ID, id);
        WireHeaders.set(reply.headers(), WireHeaders.STATUS, WireHeaders.OK);
        return reply;
    }

    static ConsumerRecord<byte[], byte[]> ok(String topic, int partition, long offset, String id, byte[] correlation) {
        ConsumerRecord<byte[], byte[]> reply = ok(topic, partition, offset, id);
        reply.headers().add(WireHeaders.CORRELATION_ID, correlation);
        return reply;
    }
}
