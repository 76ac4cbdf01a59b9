package dev.sluice.worker.settle;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.intake.InputRecord;
import dev.sluice.worker.intake.SuspicionLevel;
import dev.sluice.worker.outcome.Outcome;
import dev.sluice.worker.topics.WorkerHeaders;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.jspecify.annotations.Nullable;

/**
 * Makes the records that an outcome puts on Kafka under the wire contract. An outcome is a reply, a requeue, a move, or
 * a failed reply, as a rule with a dead letter. Foreign headers are carried along untouched. Pure.
 */
final class OutputRecords {
    private static final List<String> ONLY_ON_REQUESTS = List.of(
            WireHeaders.NOT_BEFORE,
            WireHeaders.EXPIRES_AT,
            WireHeaders.CACHE,
            WireHeaders.ABORT,
            WireHeaders.DEAD,
            WireHeaders.STREAM_TO,
            WireHeaders.PRIORITY,
            WireHeaders.LAST_ERROR,
            WireHeaders.SUSPICION);

    private final Topics topics;
    private final LongSupplier timestamps;

    /** @param timestamps the epoch ms that the next record gets */
    OutputRecords(Topics topics, LongSupplier timestamps) {
        this.topics = topics;
        this.timestamps = timestamps;
    }

    /** Returns the topics without which no request ends. What they reject, waits. */
    List<String> ownTopics() {
        return topics.required();
    }

    Topics topics() {
        return topics;
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
            public List<ProducerRecord<byte[], byte[]>> move(Outcome.Move move) {
                return List.of(OutputRecords.this.moved(settlement, move));
            }

            @Override
            public List<ProducerRecord<byte[], byte[]>> deadLetter(Outcome.DeadLetter dead) {
                return List.of(OutputRecords.this.deadLetter(settlement, dead), failedReply(settlement, dead, route));
            }

            @Override
            public List<ProducerRecord<byte[], byte[]>> unawaited(Outcome.Unawaited unawaited) {
                return List.of(failedReply(settlement, unawaited.failure(), route));
            }

            @Override
            public List<ProducerRecord<byte[], byte[]>> hold(Outcome.Hold hold) {
                throw new IllegalStateException(settlement.input() + " is held and cannot be settled");
            }
        });
    }

    private ProducerRecord<byte[], byte[]> reply(Settlement settlement, Outcome.Reply reply, ReplyRoute route) {
        Headers headers = replyHeaders(settlement, reply.callMillis(), route);
        WireHeaders.set(headers, WireHeaders.STATUS, WireHeaders.OK);
        WireHeaders.set(headers, WireHeaders.HTTP_STATUS, reply.httpStatus());
        WireHeaders.set(headers, WireHeaders.ATTEMPTS, settlement.input().attempts());
        reply.streamedCall().ifPresent(call -> {
            WireHeaders.set(headers, WireHeaders.ASSEMBLED, WireHeaders.TRUE);
            WireHeaders.set(headers, WireHeaders.CALL, call);
        });
        return record(route.topic(), route.partition(), settlement.key(), reply.body(), headers);
    }

    private ProducerRecord<byte[], byte[]> failedReply(
            Settlement settlement, Outcome.DeadLetter dead, ReplyRoute route) {
        Headers headers = replyHeaders(settlement, dead.callMillis(), route);
        WireHeaders.set(headers, WireHeaders.STATUS, WireHeaders.FAILED);
        WireHeaders.set(headers, WireHeaders.ATTEMPTS, dead.attempts());
        setReason(headers, dead);
        byte[] value = FailedReplyBody.of(dead);
        return record(route.topic(), route.partition(), settlement.key(), value, headers);
    }

    private Headers replyHeaders(Settlement settlement, long callMillis, ReplyRoute route) {
        InputRecord input = settlement.input();
        Headers headers = commonHeaders(settlement);
        ONLY_ON_REQUESTS.forEach(headers::remove);
        WireHeaders.set(headers, WireHeaders.DEFERRALS, input.deferrals());
        long queued = settlement.endedAt() - callMillis - input.enqueuedAt();
        WireHeaders.set(headers, WireHeaders.QUEUED_MS, Math.max(0, queued));
        WireHeaders.set(headers, WireHeaders.CALL_MS, callMillis);
        headers.remove(WireHeaders.REDIRECTED);
        if (route.redirected() != null) {
            WireHeaders.set(headers, WireHeaders.REDIRECTED, route.redirected());
        }
        return headers;
    }

    private ProducerRecord<byte[], byte[]> requeue(Settlement settlement, Outcome.Requeue requeue) {
        InputRecord input = settlement.input();
        Headers headers = commonHeaders(settlement);
        WireHeaders.set(headers, WireHeaders.NOT_BEFORE, requeue.notBefore());
        WireHeaders.set(headers, WireHeaders.ATTEMPTS, requeue.attempts());
        WireHeaders.set(headers, WireHeaders.DEFERRALS, requeue.deferrals());
        if (requeue.attempts() + requeue.deferrals() > 0) {
            // this overwrites the producer's not-before, so enqueued-at has to keep when the wait began
            WireHeaders.set(headers, WireHeaders.ENQUEUED_AT, input.waitsSince());
        }
        if (!requeue.lastError().isEmpty()) {
            WireHeaders.set(headers, WireHeaders.LAST_ERROR, requeue.lastError());
        }
        headers.remove(WireHeaders.SUSPICION);
        if (!requeue.suspicion().equals(SuspicionLevel.NONE)) {
            WireHeaders.set(headers, WireHeaders.SUSPICION, requeue.suspicion().header());
        }
        String topic = requeue.tier().map(topics::delay).orElse(topics.retry());
        return record(topic, topics.bundleOf(input.partition()), input.key(), input.value(), headers);
    }

    private ProducerRecord<byte[], byte[]> moved(Settlement settlement, Outcome.Move move) {
        InputRecord input = settlement.input();
        Headers headers = commonHeaders(settlement);
        return record(topics.overflow(), move.overflowPartition(), input.key(), input.value(), headers);
    }

    private ProducerRecord<byte[], byte[]> deadLetter(Settlement settlement, Outcome.DeadLetter dead) {
        InputRecord input = settlement.input();
        Headers headers = commonHeaders(settlement);
        WireHeaders.set(headers, WireHeaders.ORIGIN, input.toString());
        WireHeaders.set(headers, WireHeaders.ATTEMPTS, dead.attempts());
        WireHeaders.set(headers, WireHeaders.DEFERRALS, input.deferrals());
        setReason(headers, dead);
        if (!dead.lastError().isEmpty()) {
            WireHeaders.set(headers, WireHeaders.LAST_ERROR, dead.lastError());
        }
        headers.remove(WireHeaders.SUSPICION);
        WireHeaders.set(headers, WireHeaders.ERROR_MESSAGE, dead.message());
        setOrRemove(headers, WireHeaders.ERROR_TYPE, dead.said().type());
        setOrRemove(headers, WireHeaders.ERROR_CODE, dead.said().code());
        setOrRemove(headers, WireHeaders.ERROR_PARAM, dead.said().param());
        byte[] value = settlement.isBare() ? null : input.value();
        return record(topics.dead(), null, settlement.key(), value, headers);
    }

    private static void setOrRemove(Headers headers, String name, String value) {
        headers.remove(name);
        if (!value.isEmpty()) {
            WireHeaders.set(headers, name, value);
        }
    }

    private static void setReason(Headers headers, Outcome.DeadLetter dead) {
        WireHeaders.set(headers, WireHeaders.REASON, dead.reason().word());
        headers.remove(WireHeaders.HTTP_STATUS);
        dead.httpStatus().ifPresent(status -> WireHeaders.set(headers, WireHeaders.HTTP_STATUS, status));
    }

    private Headers commonHeaders(Settlement settlement) {
        InputRecord input = settlement.input();
        Headers headers = settlement.isBare()
                ? new RecordHeaders()
                : new RecordHeaders(input.record().headers().toArray());
        if (topics.isFromProducers(input.record().topic())) {
            WorkerHeaders.HISTORY.forEach(headers::remove);
        }
        if (input.isExpress()) {
            WireHeaders.set(headers, WireHeaders.PRIORITY, WireHeaders.EXPRESS);
        }
        WireHeaders.set(headers, WireHeaders.ID, input.id());
        WireHeaders.set(headers, WireHeaders.ENQUEUED_AT, input.enqueuedAt());
        return headers;
    }

    /** Makes a record with the present timestamp, so that the topic's retention counts from now. */
    private ProducerRecord<byte[], byte[]> record(
            String topic,
            @Nullable Integer partition,
            byte @Nullable [] key,
            byte @Nullable [] value,
            Headers headers) {
        return new ProducerRecord<>(topic, partition, timestamps.getAsLong(), key, value, headers);
    }
}
