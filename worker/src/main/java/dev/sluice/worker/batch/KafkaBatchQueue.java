package dev.sluice.worker.batch;

import dev.sluice.ChatReply;
import dev.sluice.wire.CancelMark;
import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.kafka.RecordTransaction;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.CooperativeStickyAssignor;
import org.apache.kafka.clients.consumer.InvalidOffsetException;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.header.Headers;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connects batches with a real Kafka. The consumer group on the one partition of {@link Topics#batchReplies()}
 * chooses the process that runs the batches.
 *
 * <p>Requests are published in transactions, each together with a note on the same topic which says how far the batch
 * is on the queue. So the next process need not look for requests, and a process that comes back from a pause publishes
 * nothing more: the transactional id belongs to its successor.
 */
public final class KafkaBatchQueue implements BatchQueue {
    private static final Logger log = LoggerFactory.getLogger(KafkaBatchQueue.class);

    /** A loop that takes longer than this has hung, and another process takes over. */
    private static final Duration MAX_POLL_INTERVAL = Duration.ofMinutes(5);

    private static final Duration CLOSE_TIME = Duration.ofSeconds(2);
    /** Room for the headers of the largest request. */
    private static final int HEADER_BYTES = 16 * 1024;

    private final Topics topics;
    private final TopicPartition replies;
    private final Consumer<byte[], byte[]> consumer;
    private final Supplier<Producer<byte[], byte[]>> producers;
    private Producer<byte[], byte[]> producer;
    private final Admin admin;
    /** True from the assignment of the partition until it is given up. */
    private boolean isOwner;

    /** The number of times that this process has taken over, and the number of times that it has said so. */
    private int takeOvers;

    private int told;
    /** True if the listener believes that this process runs the batches. */
    private boolean wasOwner;
    /** The end of the topic when this process took over, beyond any open transaction. */
    private long target = Long.MAX_VALUE;

    KafkaBatchQueue(
            Topics topics,
            Consumer<byte[], byte[]> consumer,
            Supplier<Producer<byte[], byte[]>> producers,
            Admin admin) {
        this.topics = topics;
        this.replies = new TopicPartition(topics.batchReplies(), 0);
        this.consumer = consumer;
        this.producers = producers;
        this.producer = producers.get();
        this.admin = admin;
    }

    /**
     * Connects, and joins those who would run the batches.
     *
     * @param kafka the user's properties
     * @param directory the name of the directory of the batches, which is the same for all who share it
     * @param maxBodyBytes the largest body of a request
     */
    public static BatchQueue open(Map<String, Object> kafka, Topics topics, String directory, int maxBodyBytes) {
        String group = group(topics, directory);
        Map<String, Object> own = new HashMap<>(kafka);
        own.remove(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG); // of two doors with one name each would put the other out
        Consumer<byte[], byte[]> consumer = KafkaClients.groupMember(
                own, group, "sluice-batches", Optional.empty(), CooperativeStickyAssignor.class, MAX_POLL_INTERVAL);
        KafkaBatchQueue queue = new KafkaBatchQueue(
                topics,
                consumer,
                () -> KafkaClients.transactionalProducer(kafka, group, maxBodyBytes + HEADER_BYTES),
                KafkaClients.admin(kafka));
        queue.subscribe();
        return queue;
    }

    /** Joins the group. It is called once, before the first {@link #poll}. */
    void subscribe() {
        consumer.subscribe(List.of(replies.topic()), new Rebalance());
    }

    /** Returns the name of the consumer group, which is the transactional id as well. */
    public static String group(Topics topics, String directory) {
        return topics.base() + ".batches." + directory;
    }

    private final class Rebalance implements ConsumerRebalanceListener {
        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            if (partitions.contains(replies)) {
                takeOver();
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            isOwner &= !partitions.contains(replies);
        }
    }

    private void takeOver() {
        if (takeOvers > 0) { // a producer takes the transactional id once
            producer.close(Duration.ZERO);
            producer = producers.get();
        }
        // In this order: after the first step nobody else publishes, and after the second all notes are within reach.
        producer.initTransactions();
        target = end();
        if (consumer.committed(Set.of(replies)).get(replies) == null) {
            consumer.seekToBeginning(List.of(replies));
        }
        consumer.pause(List.of(replies)); // until the listener is ready
        isOwner = true;
        takeOvers++;
    }

    private long end() {
        try {
            return admin.listOffsets(Map.of(replies, OffsetSpec.latest()))
                    .partitionResult(replies)
                    .get(AdminTimeouts.FOREGROUND_MILLIS, TimeUnit.MILLISECONDS)
                    .offset();
        } catch (InterruptedException e) {
            throw new InterruptException(e);
        } catch (ExecutionException | java.util.concurrent.TimeoutException e) {
            throw new KafkaException("the end of topic " + replies.topic() + " cannot be read", e);
        }
    }

    @Override
    public void poll(Duration timeout, boolean takesRecords, Listener listener) throws IOException {
        if (isOwner && takesRecords) {
            consumer.resume(List.of(replies));
        } else if (isOwner) {
            consumer.pause(List.of(replies));
        }
        var records = records(timeout);
        tellOwnership(listener);
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (isOwner && record.partition() == replies.partition()) {
                tell(record, listener);
            }
        }
    }

    private void tellOwnership(Listener listener) throws IOException {
        boolean isNew = isOwner && told < takeOvers;
        if (wasOwner && (isNew || !isOwner)) {
            listener.lost();
        }
        if (isNew) {
            told = takeOvers;
            listener.takenOver();
        }
        wasOwner = isOwner;
    }

    private Iterable<ConsumerRecord<byte[], byte[]>> records(Duration timeout) {
        try {
            return consumer.poll(timeout);
        } catch (InvalidOffsetException e) {
            log.warn("Replies to batches were deleted before they were read; raise the retention of their topic", e);
            consumer.seekToBeginning(List.of(replies));
            target = Math.min(target, end()); // which is less where the topic was made anew
            return List.of();
        }
    }

    private static void tell(ConsumerRecord<byte[], byte[]> record, Listener listener) throws IOException {
        Optional<String> id = WireHeaders.text(record.headers(), WireHeaders.ID);
        if (id.isPresent()) {
            Optional<Place> place = Place.of(id.get());
            if (place.isPresent()) {
                listener.replied(place.get().batch(), place.get().line(), ChatReply.from(record));
            }
        } else if (record.key() != null) {
            Optional<Place> note = Place.of(new String(record.key(), StandardCharsets.UTF_8));
            if (note.isPresent()) {
                listener.sent(note.get().batch(), note.get().line());
            }
        }
    }

    @Override
    public boolean isCaughtUp() {
        return isOwner && consumer.position(replies) >= target;
    }

    @Override
    public int send(Envelope envelope, List<BatchLine> lines) {
        int count = lines.size();
        while (count > 0 && !RecordTransaction.commits(producer, records(envelope, lines.subList(0, count)))) {
            count /= 2;
        }
        return count;
    }

    /** Makes the requests of these lines, and the note that says how far the batch is. */
    private List<ProducerRecord<byte[], byte[]>> records(Envelope envelope, List<BatchLine> lines) {
        List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (BatchLine line : lines) {
            records.add(record(envelope, line));
        }
        int last = lines.get(lines.size() - 1).number();
        byte[] note = BatchQueue.requestId(envelope.batch(), last).getBytes(StandardCharsets.UTF_8);
        records.add(new ProducerRecord<>(replies.topic(), replies.partition(), note, null));
        return records;
    }

    private ProducerRecord<byte[], byte[]> record(Envelope envelope, BatchLine line) {
        String id = BatchQueue.requestId(envelope.batch(), line.number());
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(
                topics.requests(),
                id.getBytes(StandardCharsets.UTF_8),
                line.body().getBytes(StandardCharsets.UTF_8));
        Headers headers = record.headers();
        WireHeaders.set(headers, WireHeaders.ID, id);
        WireHeaders.set(headers, WireHeaders.GROUP, envelope.batch());
        envelope.tenant().ifPresent(tenant -> WireHeaders.set(headers, WireHeaders.TENANT, tenant));
        WireHeaders.set(headers, WireHeaders.DEAD, WireHeaders.NONE);
        WireHeaders.set(headers, WireHeaders.EXPIRES_AT, envelope.expiresAt().toEpochMilli());
        WireHeaders.set(headers, WireHeaders.REPLY_TOPIC, replies.topic());
        headers.add(WireHeaders.REPLY_PARTITION, WireHeaders.encodePartition(replies.partition()));
        return record;
    }

    @Override
    public void cancel(String batch) {
        try {
            boolean unused = RecordTransaction.commits(
                    producer, List.of(CancelMark.ofGroup(batch).record(topics)));
        } catch (AuthorizationException e) {
            log.atWarn()
                    .addKeyValue("batch", batch)
                    .addKeyValue("error", e.getMessage())
                    .log("Cancelled batch is called all the same, since Kafka does not allow to write the mark");
        }
    }

    @Override
    public void commit() {
        if (!isOwner) {
            return;
        }
        try {
            consumer.commitSync(
                    Map.of(replies, new OffsetAndMetadata(consumer.position(replies))), AdminTimeouts.FOREGROUND);
        } catch (RetriableException | RebalanceInProgressException | CommitFailedException e) {
            // The next commit says the same and more. If the group has gone on without this process, poll will tell.
            log.debug("Commit failed", e);
        }
    }

    @Override
    public void close() {
        consumer.close(CloseOptions.timeout(CLOSE_TIME));
        producer.close(CLOSE_TIME);
        admin.close(CLOSE_TIME);
    }
}
