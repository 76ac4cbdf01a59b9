package dev.sluice;

import java.time.Duration;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Reads one partition from its end on, without a group, and keeps its own place there. A consumer that has failed is
 * dropped, and the next one goes on at that place. The class is not thread-safe.
 */
final class PartitionTail implements AutoCloseable {
    private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(2);

    /**
     * The time between two looks at the metadata. Without them a consumer would wait silently for a partition that has
     * been deleted.
     */
    private static final Duration EXISTENCE_INTERVAL = Duration.ofSeconds(1);

    private final String missing;
    private final Supplier<Consumer<byte[], byte[]>> consumers;
    private final LongSupplier nanoTime;
    private final Duration timeout;
    private final TopicPartition partition;
    private @Nullable Consumer<byte[], byte[]> consumer;
    private OffsetAndMetadata next;
    private long checkedAt;

    /**
     * Chooses a random partition of the topic and goes to its end. Partitions without a leader are left out while
     * others have one.
     *
     * @param missing the words for a topic that does not exist
     * @param consumers makes a consumer that throws if the log has no record at its position
     * @param timeout the bound of each question to the broker
     */
    PartitionTail(
            String topic,
            String missing,
            Supplier<Consumer<byte[], byte[]>> consumers,
            RandomGenerator random,
            LongSupplier nanoTime,
            Duration timeout) {
        this.missing = missing;
        this.consumers = consumers;
        this.nanoTime = nanoTime;
        this.timeout = timeout;
        this.checkedAt = nanoTime.getAsLong();
        Consumer<byte[], byte[]> first = consumers.get();
        try {
            this.partition = new TopicPartition(topic, choose(partitions(first, topic, timeout), random));
            first.assign(List.of(partition));
            this.next = end(first);
        } catch (Throwable t) {
            close(first, CLOSE_TIMEOUT);
            throw t;
        }
        this.consumer = first;
    }

    private List<PartitionInfo> partitions(Consumer<byte[], byte[]> consumer, String topic, Duration bound) {
        List<PartitionInfo> partitions = consumer.partitionsFor(topic, bound);
        if (partitions == null || partitions.isEmpty()) {
            throw new ChatQueueException(missing);
        }
        return partitions;
    }

    private static int choose(List<PartitionInfo> partitions, RandomGenerator random) {
        List<PartitionInfo> led =
                partitions.stream().filter(PartitionTail::hasLeader).toList();
        List<PartitionInfo> candidates = led.isEmpty() ? partitions : led;
        return candidates.get(random.nextInt(candidates.size())).partition();
    }

    private static boolean hasLeader(PartitionInfo partition) {
        Node leader = partition.leader();
        return leader != null && !leader.isEmpty();
    }

    private OffsetAndMetadata end(Consumer<byte[], byte[]> reader) {
        reader.seekToEnd(List.of(partition));
        return new OffsetAndMetadata(reader.position(partition, timeout));
    }

    TopicPartition partition() {
        return partition;
    }

    /** Returns the offset of the next record. */
    long offset() {
        return next.offset();
    }

    /**
     * Returns the next records. The place stays before each of them until it is passed.
     *
     * @throws ChatQueueException if the partition does not exist any more
     */
    ConsumerRecords<byte[], byte[]> poll(Duration wait) {
        Consumer<byte[], byte[]> reader = consumer == null ? reopen() : consumer;
        if (nanoTime.getAsLong() - checkedAt >= EXISTENCE_INTERVAL.toNanos()) {
            checkedAt = nanoTime.getAsLong();
            requirePartition(reader);
        }
        return reader.poll(wait);
    }

    private Consumer<byte[], byte[]> reopen() {
        Consumer<byte[], byte[]> reader = consumers.get();
        consumer = reader;
        reader.assign(List.of(partition));
        reader.seek(partition, next);
        return reader;
    }

    /** Looks into the consumer's own metadata, as a rule, and asks the broker if that does not know the topic. */
    private void requirePartition(Consumer<byte[], byte[]> reader) {
        boolean exists = partitions(reader, partition.topic(), EXISTENCE_INTERVAL).stream()
                .anyMatch(found -> found.partition() == partition.partition());
        if (!exists) {
            throw new ChatQueueException("partition " + partition + " does not exist any more");
        }
    }

    /** Puts the place behind this record. */
    void pass(ConsumerRecord<byte[], byte[]> record) {
        next = new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), "");
    }

    /** Puts the place behind all records of the last poll, and behind the transaction markers that follow them. */
    void passAll() {
        long position = consumer == null ? next.offset() : position(consumer);
        if (position > next.offset()) {
            next = new OffsetAndMetadata(position, next.leaderEpoch(), "");
        }
    }

    /** Returns the position, or the place where the consumer does not have one at present. */
    private long position(Consumer<byte[], byte[]> reader) {
        try {
            return reader.position(partition, Duration.ZERO);
        } catch (TimeoutException notYet) {
            return next.offset();
        }
    }

    /** Goes to the end. If that fails, the place stays where it was. */
    void skipToEnd() {
        Consumer<byte[], byte[]> reader = consumer == null ? reopen() : consumer;
        try {
            next = end(reader);
        } catch (RuntimeException e) {
            dropConsumer(); // it would go to a later end by itself, and what is between would be missed unnoticed
            throw e;
        }
    }

    /** Closes the consumer without waiting, so that the next poll makes another. */
    void dropConsumer() {
        close(Duration.ZERO);
    }

    @Override
    public void close() {
        close(CLOSE_TIMEOUT);
    }

    private void close(Duration wait) {
        Consumer<byte[], byte[]> reader = consumer;
        consumer = null;
        if (reader != null) {
            close(reader, wait);
        }
    }

    @SuppressWarnings("deprecation") // clients before 4.1, which a service may bring, know no other way
    private static void close(Consumer<?, ?> consumer, Duration wait) {
        consumer.close(wait);
    }
}
