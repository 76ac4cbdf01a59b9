package dev.sluice.worker.settle;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.outcome.Outcome;
import java.util.List;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * The records that an outcome puts on Kafka, by the wire contract: a reply, a requeue, or a dead letter with its failed
 * reply. Headers that are not ours are carried along untouched. Pure.
 */
final class OutputRecords {
    private static final List<String> ONLY_ON_REQUESTS =
            List.of(WireHeaders.NOT_BEFORE, WireHeaders.EXPIRES_AT, WireHeaders.CACHE, WireHeaders.LAST_ERROR);

    /** Not believed where a producer has set them. */
    private static final List<String> ONLY_FROM_WORKERS = List.of(
            WireHeaders.LAST_ERROR,
            WireHeaders.STATUS,
            WireHeaders.HTTP_STATUS,
            WireHeaders.REASON,
            WireHeaders.REPLAYED);

    private final Topics topics;

    OutputRecords(Topics topics) {
        this.topics = topics;
    }

    /** The queue's own topics. */
    List<String> own() {
        return topics.all();
    }

    List<ProducerRecord<byte[], byte[]>> of(Settlement settlement, ReplyRoute route) {
        return settlement.outcome().match(new Outcome.Cases<>() {
            @Override
            public List<ProducerRecord<byte[], byte[]>> reply(Outcome.Reply reply) {
                return List.of(OutputRecords.this.reply(settlement, reply, route));
            }

            @Override
            public List<ProducerRecord<byte[], byte[]>> requeue(Outcome.Requeue requeue) {
                return List.of(OutputRecords.this.requeue(settlement, requeue));
            }

            @Override
            public List<ProducerRecord<byte[], byte[]>> deadLetter(Outcome.DeadLetter dead) {
                return List.of(letter(settlement, dead), failedReply(settlement, dead, route));
            }

            @Override
            public List<ProducerRecord<byte[], byte[]>> hold(Outcome.Hold hold) {
                throw new IllegalStateException(settlement.envelope() + " is held and cannot be settled");
            }
        });
    }

    private ProducerRecord<byte[], byte[]> reply(Settlement settlement, Outcome.Reply reply, ReplyRoute route) {
        Headers headers = replyHeaders(settlement, reply.callMillis());
        WireHeaders.set(headers, WireHeaders.STATUS, WireHeaders.OK);
        WireHeaders.set(headers, WireHeaders.HTTP_STATUS, reply.httpStatus());
        WireHeaders.set(headers, WireHeaders.ATTEMPTS, settlement.envelope().attempts());
        return record(route.topic(), route.partition(), settlement.key(), reply.body(), headers);
    }

    private ProducerRecord<byte[], byte[]> failedReply(
            Settlement settlement, Outcome.DeadLetter dead, ReplyRoute route) {
        Headers headers = replyHeaders(settlement, dead.callMillis());
        WireHeaders.set(headers, WireHeaders.STATUS, WireHeaders.FAILED);
        WireHeaders.set(headers, WireHeaders.ATTEMPTS, dead.attempts());
        why(headers, dead);
        byte[] value = FailedReplyBody.of(dead);
        return record(route.topic(), route.partition(), settlement.key(), value, headers);
    }

    private Headers replyHeaders(Settlement settlement, long callMillis) {
        InputRecord envelope = settlement.envelope();
        Headers headers = common(settlement);
        ONLY_ON_REQUESTS.forEach(headers::remove);
        WireHeaders.set(headers, WireHeaders.DEFERRALS, envelope.deferrals());
        long queued = settlement.endedAt() - callMillis - envelope.enqueuedAt();
        WireHeaders.set(headers, WireHeaders.QUEUED_MS, Math.max(0, queued));
        WireHeaders.set(headers, WireHeaders.CALL_MS, callMillis);
        return headers;
    }

    private ProducerRecord<byte[], byte[]> requeue(Settlement settlement, Outcome.Requeue requeue) {
        InputRecord envelope = settlement.envelope();
        Headers headers = common(settlement);
        WireHeaders.set(headers, WireHeaders.NOT_BEFORE, requeue.notBefore());
        WireHeaders.set(headers, WireHeaders.ATTEMPTS, requeue.attempts());
        WireHeaders.set(headers, WireHeaders.DEFERRALS, requeue.deferrals());
        if (requeue.attempts() + requeue.deferrals() > 0) {
            // the not-before is ours from now on: the producer's own is forgotten, and with it when the wait began
            WireHeaders.set(headers, WireHeaders.ENQUEUED_AT, envelope.waitsSince());
        }
        if (!requeue.lastError().isEmpty()) {
            WireHeaders.set(headers, WireHeaders.LAST_ERROR, requeue.lastError());
        }
        String topic = requeue.tier().map(topics::delay).orElse(topics.retry());
        int bundle = envelope.partition().partition();
        return record(topic, bundle, envelope.key(), envelope.value(), headers);
    }

    private ProducerRecord<byte[], byte[]> letter(Settlement settlement, Outcome.DeadLetter dead) {
        InputRecord envelope = settlement.envelope();
        Headers headers = common(settlement);
        WireHeaders.set(headers, WireHeaders.ORIGIN, envelope.toString());
        WireHeaders.set(headers, WireHeaders.ATTEMPTS, dead.attempts());
        WireHeaders.set(headers, WireHeaders.DEFERRALS, envelope.deferrals());
        why(headers, dead);
        if (!dead.lastError().isEmpty()) {
            WireHeaders.set(headers, WireHeaders.LAST_ERROR, dead.lastError());
        }
        byte[] value = settlement.isBare() ? null : envelope.value();
        return record(topics.dead(), null, settlement.key(), value, headers);
    }

    private static void why(Headers headers, Outcome.DeadLetter dead) {
        WireHeaders.set(headers, WireHeaders.REASON, dead.reason().word());
        headers.remove(WireHeaders.HTTP_STATUS);
        dead.httpStatus().ifPresent(status -> WireHeaders.set(headers, WireHeaders.HTTP_STATUS, status));
    }

    private Headers common(Settlement settlement) {
        InputRecord envelope = settlement.envelope();
        Headers headers = settlement.isBare()
                ? new RecordHeaders()
                : new RecordHeaders(envelope.record().headers().toArray());
        if (envelope.record().topic().equals(topics.requests())) {
            ONLY_FROM_WORKERS.forEach(headers::remove);
        }
        WireHeaders.set(headers, WireHeaders.ID, envelope.id());
        WireHeaders.set(headers, WireHeaders.ENQUEUED_AT, envelope.enqueuedAt());
        return headers;
    }

    /** The timestamp is left to Kafka: the retention of the topic counts from now. */
    private static ProducerRecord<byte[], byte[]> record(
            String topic,
            @Nullable Integer partition,
            byte @Nullable [] key,
            byte @Nullable [] value,
            Headers headers) {
        return new ProducerRecord<>(topic, partition, null, key, value, headers);
    }
}
