package dev.sluice;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls, handles, commits: what the thread of a {@link ReplyConsumer} does, one turn after another. A partition whose
 * reply was refused is set back to it and paused until its time has come; nothing sleeps, so the group keeps its member.
 *
 * <p>Belongs to one thread.
 */
final class ReplyLoop implements ConsumerRebalanceListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyLoop.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration COMMIT = Duration.ofSeconds(5);
    private static final Duration LOOK = Duration.ofSeconds(5);

    private final Consumer<byte[], byte[]> consumer;
    private final ReplyConsumerSettings settings;
    private final HandlerFailures refusals;
    private final BooleanSupplier closing;
    private final Map<TopicPartition, OffsetAndMetadata> handled = new HashMap<>();
    private boolean subscribed;

    /**
     * @param nanoTime when a refused reply is due again
     * @param closing whether to stop after the reply at hand
     */
    ReplyLoop(
            Consumer<byte[], byte[]> consumer,
            ReplyConsumerSettings settings,
            LongSupplier nanoTime,
            BooleanSupplier closing) {
        this.consumer = consumer;
        this.settings = settings;
        this.refusals = new HandlerFailures(settings.retries(), nanoTime);
        this.closing = closing;
    }

    /** One poll and all it brings. What is thrown here ends the consumer, unless it is retriable. */
    void turn() throws InterruptedException {
        subscribe();
        consumer.resume(refusals.due());
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL);
        for (TopicPartition partition : records.partitions()) {
            handle(partition, records.records(partition));
        }
        if (!closing.getAsBoolean()) {
            advance(records.nextOffsets());
        }
        commit();
    }

    /** With the first turn, and after a look at the topic: Kafka's consumer waits in silence for one that does not exist. */
    private void subscribe() {
        if (subscribed) {
            return;
        }
        List<PartitionInfo> partitions = consumer.partitionsFor(settings.topic(), LOOK);
        if (partitions == null || partitions.isEmpty()) {
            throw new ChatQueueException("reply topic " + settings.topic()
                    + " does not exist; run `sluice topics create`, or check topic() and replyTopic()");
        }
        consumer.subscribe(List.of(settings.topic()), this);
        subscribed = true;
    }

    /** Commits what was handled and leaves the group. */
    @Override
    public void close() {
        try {
            commit();
        } finally {
            consumer.close(CloseOptions.timeout(COMMIT));
        }
    }

    private void handle(TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records)
            throws InterruptedException {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (closing.getAsBoolean()) {
                return;
            }
            if (!accepted(partition, record)) {
                consumer.seek(partition, record.offset());
                consumer.pause(List.of(partition));
                return;
            }
            handled.put(partition, new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), ""));
        }
    }

    /** Whether the loop may go on behind this record. */
    private boolean accepted(TopicPartition partition, ConsumerRecord<byte[], byte[]> record)
            throws InterruptedException {
        ChatReply reply = ChatReply.from(record);
        try {
            settings.handler().onReply(reply);
            refusals.forget(partition);
            return true;
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            return !refusals.again(partition, record.offset(), e) && givenUp(partition, record, reply, e);
        }
    }

    private boolean givenUp(
            TopicPartition partition, ConsumerRecord<byte[], byte[]> record, ChatReply reply, Exception cause) {
        refusals.forget(partition);
        String where = partition + "@" + record.offset();
        return switch (settings.onFailure()) {
            case STOP ->
                throw new ChatQueueException(
                        "the handler has refused the reply to request " + reply.id() + " at " + where + " "
                                + (settings.retries() + 1) + " times; it comes again at the next start",
                        cause);
            case SKIP -> {
                LOG.atError()
                        .addKeyValue("id", reply.id())
                        .addKeyValue("at", where)
                        .setCause(cause)
                        .log("Skipped a reply that the handler has refused for the last time");
                yield true;
            }
        };
    }

    /** Past the transaction markers behind the last reply too, so that lag reads 0 when nothing is left. */
    private void advance(Map<TopicPartition, OffsetAndMetadata> next) {
        next.forEach((partition, offset) -> {
            if (!refusals.holds(partition)) {
                handled.put(partition, offset);
            }
        });
    }

    /** What can't be committed now stays for the next turn, or comes again where the partition is somebody else's. */
    private void commit() {
        if (handled.isEmpty()) {
            return;
        }
        try {
            consumer.commitSync(handled, COMMIT);
            handled.clear();
        } catch (CommitFailedException | RebalanceInProgressException | RetriableException e) {
            LOG.atWarn().addKeyValue("error", e.toString()).log("Replies that were handled are not committed yet");
        }
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
        commit();
        drop(partitions);
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
        drop(partitions);
    }

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {}

    private void drop(Collection<TopicPartition> partitions) {
        handled.keySet().removeAll(partitions);
        partitions.forEach(refusals::forget);
    }
}
