package dev.sluice;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
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
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Polls, handles and commits replies on the thread of a {@link ReplyConsumer}.
 *
 * <p>After a failure of the handler the partition is set back to the reply and paused until the retry is due. The
 * thread never sleeps, so it stays a member of the group. The loop belongs to one thread.
 */
final class ReplyLoop implements ConsumerRebalanceListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ReplyLoop.class);
    private static final Duration POLL_TIMEOUT = Duration.ofMillis(100);
    private static final Duration COMMIT_TIMEOUT = Duration.ofSeconds(5);
    private static final Duration TOPIC_CHECK_TIMEOUT = Duration.ofSeconds(5);

    private final Consumer<byte[], byte[]> consumer;
    private final ReplyConsumerSettings settings;
    private final HandlerFailures failures;
    private final BooleanSupplier closing;
    private final Map<TopicPartition, OffsetAndMetadata> handled = new HashMap<>();
    /** The position of each partition when it was last looked at. */
    private final Map<TopicPartition, Long> positions = new HashMap<>();

    private boolean subscribed;

    /**
     * Makes a loop that subscribes with its first run.
     *
     * @param nanoTime the clock for the pauses after a failure
     * @param closing returns true if the loop is to stop after the current reply
     */
    ReplyLoop(
            Consumer<byte[], byte[]> consumer,
            ReplyConsumerSettings settings,
            LongSupplier nanoTime,
            BooleanSupplier closing) {
        this.consumer = consumer;
        this.settings = settings;
        this.failures = new HandlerFailures(settings.retries(), nanoTime);
        this.closing = closing;
    }

    /** Polls once and handles the records. Any exception but a retriable one ends the consumer. */
    void runOnce() throws InterruptedException {
        subscribe();
        consumer.resume(failures.due());
        ConsumerRecords<byte[], byte[]> records = consumer.poll(POLL_TIMEOUT);
        for (TopicPartition partition : records.partitions()) {
            handle(partition, records.records(partition));
        }
        // While closing, records of this poll may be left unhandled, so their offsets must not be committed.
        if (!closing.getAsBoolean()) {
            advance(records.partitions());
        }
        commit();
    }

    /**
     * Checks that the topic exists and subscribes. Without the check Kafka's consumer would wait silently for a missing
     * topic.
     */
    private void subscribe() {
        if (subscribed) {
            return;
        }
        List<PartitionInfo> partitions = consumer.partitionsFor(settings.topic(), TOPIC_CHECK_TIMEOUT);
        if (partitions == null || partitions.isEmpty()) {
            throw new ChatQueueException("reply topic " + settings.topic()
                    + " does not exist; run `sluice topics create`, or check topic() and replyTopic()");
        }
        consumer.subscribe(List.of(settings.topic()), this);
        subscribed = true;
    }

    /** Commits the handled replies and leaves the group. */
    @Override
    @SuppressWarnings("deprecation") // clients before 4.1, which a service may bring, know no other way
    public void close() {
        try {
            commit();
        } finally {
            consumer.close(COMMIT_TIMEOUT);
        }
    }

    private void handle(TopicPartition partition, List<ConsumerRecord<byte[], byte[]>> records)
            throws InterruptedException {
        for (ConsumerRecord<byte[], byte[]> record : records) {
            if (closing.getAsBoolean()) {
                return;
            }
            if (!handledOrSkipped(partition, record)) {
                consumer.seek(partition, record.offset());
                consumer.pause(List.of(partition));
                return;
            }
            handled.put(partition, new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), ""));
        }
    }

    /** Returns true if the loop may continue behind this record. */
    private boolean handledOrSkipped(TopicPartition partition, ConsumerRecord<byte[], byte[]> record)
            throws InterruptedException {
        ChatReply reply = ChatReply.from(record);
        try {
            settings.handler().onReply(reply);
            failures.forget(partition);
            return true;
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            return !failures.record(partition, record.offset(), e) && giveUp(partition, record, reply, e);
        }
    }

    private boolean giveUp(
            TopicPartition partition, ConsumerRecord<byte[], byte[]> record, ChatReply reply, Exception cause) {
        failures.forget(partition);
        String where = partition + "@" + record.offset();
        return switch (settings.onFailure()) {
            case STOP ->
                throw new ChatQueueException(
                        "the handler failed on the reply to request " + reply.id() + " at " + where + " "
                                + (settings.retries() + 1) + " times; it is delivered again at the next start",
                        cause);
            case SKIP -> {
                LOG.atError()
                        .addKeyValue("id", reply.id())
                        .addKeyValue("at", where)
                        .setCause(cause)
                        .log("Reply skipped, its handler failed for the last time");
                yield true;
            }
        };
    }

    /**
     * Advances past the transaction markers behind the last reply too, so that an empty partition shows lag 0. Clients
     * before 4.0, which a service may bring, tell no more of them than the position.
     *
     * @param read the partitions whose replies have just been handled
     */
    private void advance(Set<TopicPartition> read) {
        for (TopicPartition partition : consumer.assignment()) {
            if (!failures.isPaused(partition)) {
                position(partition).ifPresent(position -> advance(partition, position, read.contains(partition)));
            }
        }
    }

    private void advance(TopicPartition partition, long position, boolean isRead) {
        Long before = positions.put(partition, position);
        boolean hasMoved = before != null && before != position;
        if (isRead || hasMoved) {
            OffsetAndMetadata last = handled.get(partition);
            Optional<Integer> epoch = last == null ? Optional.empty() : last.leaderEpoch();
            handled.put(partition, new OffsetAndMetadata(position, epoch, ""));
        }
    }

    /** Returns the position, if the consumer has it already. */
    private OptionalLong position(TopicPartition partition) {
        try {
            return OptionalLong.of(consumer.position(partition, Duration.ZERO));
        } catch (TimeoutException notYet) {
            return OptionalLong.empty();
        }
    }

    /**
     * Commits the handled offsets. Offsets that can't be committed now stay for the next poll. If the partition has
     * moved to another member, its replies come again there.
     */
    private void commit() {
        if (handled.isEmpty()) {
            return;
        }
        try {
            consumer.commitSync(handled, COMMIT_TIMEOUT);
            handled.clear();
        } catch (CommitFailedException | RebalanceInProgressException | RetriableException e) {
            LOG.atWarn()
                    .addKeyValue("error", e.toString())
                    .log("Commit of handled replies failed, committing again with the next poll");
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
        positions.keySet().removeAll(partitions);
        partitions.forEach(failures::forget);
    }
}
