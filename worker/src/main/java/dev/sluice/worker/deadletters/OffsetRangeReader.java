package dev.sluice.worker.deadletters;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/** Reads an offset range once. Its memory is bounded by what the consumer fetches at a time. Not thread-safe. */
final class OffsetRangeReader {
    private static final Duration POLL_TIMEOUT = Duration.ofMillis(100);

    // the open transaction of a dead worker stops the reading of its partition for 10 s
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer;
    private final OffsetRange range;
    private final DeadLetterTopic.ProgressListener listener;
    private final LongSupplier nanoTime;
    /** The partitions that have not been read to their ends. */
    private final Set<TopicPartition> unfinished = new HashSet<>();

    private long read;
    /** The time spent in polls since the last progress. The time of a slow visitor does not count. */
    private long waitedNanos;

    /** @param nanoTime a monotonic clock */
    OffsetRangeReader(
            org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer,
            OffsetRange range,
            DeadLetterTopic.ProgressListener listener,
            LongSupplier nanoTime) {
        this.consumer = consumer;
        this.range = range;
        this.listener = listener;
        this.nanoTime = nanoTime;
        range.to().forEach((partition, end) -> {
            if (range.from().getOrDefault(partition, 0L) < end) {
                unfinished.add(partition);
            }
        });
        consumer.assign(unfinished);
        unfinished.forEach(partition -> consumer.seek(partition, range.from().getOrDefault(partition, 0L)));
    }

    /** Reads the records of each partition in their order, and those of different partitions in any order. */
    void readByPartition(Consumer<ConsumerRecord<byte[], byte[]>> visitor) {
        while (!unfinished.isEmpty()) {
            poll(unfinished).forEach(visitor);
        }
    }

    /**
     * Reads the records of all partitions in the order of their timestamps. The order within a partition is never
     * changed. Reading one partition after another would replay all requests of one worker before those of the next.
     *
     * @param visitor receives each record and returns whether it wants more
     */
    void readOldestFirst(Predicate<ConsumerRecord<byte[], byte[]>> visitor) {
        Map<TopicPartition, Deque<ConsumerRecord<byte[], byte[]>>> buffers = new HashMap<>();
        PriorityQueue<TopicPartition> next = new PriorityQueue<>(Comparator.<TopicPartition>comparingLong(
                        partition -> buffers.get(partition).getFirst().timestamp())
                .thenComparingInt(TopicPartition::partition));
        Set<TopicPartition> drained = new HashSet<>(unfinished);
        while (!drained.isEmpty() || !next.isEmpty()) {
            // the oldest record is known only when every unfinished partition has one in its buffer
            if (drained.isEmpty()) {
                TopicPartition oldest = next.remove();
                if (!visitor.test(buffers.get(oldest).removeFirst())) {
                    return;
                }
                (buffers.get(oldest).isEmpty() ? drained : next).add(oldest);
            } else {
                Set<TopicPartition> filled = fill(buffers, drained);
                next.addAll(filled);
                drained.removeAll(filled);
            }
            drained.retainAll(unfinished);
        }
    }

    /** Polls partitions whose buffers are empty, and returns those that have got records. */
    private Set<TopicPartition> fill(
            Map<TopicPartition, Deque<ConsumerRecord<byte[], byte[]>>> buffers, Set<TopicPartition> drained) {
        Set<TopicPartition> filled = new HashSet<>();
        for (ConsumerRecord<byte[], byte[]> record : poll(drained)) {
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            buffers.computeIfAbsent(partition, key -> new ArrayDeque<>()).add(record);
            filled.add(partition);
        }
        return filled;
    }

    private List<ConsumerRecord<byte[], byte[]>> poll(Collection<TopicPartition> wanted) {
        consumer.pause(consumer.assignment());
        consumer.resume(wanted);
        long begun = nanoTime.getAsLong();
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL_TIMEOUT)) {
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            if (record.offset() < range.to().getOrDefault(partition, 0L)) {
                records.add(record);
            }
        }
        if (updateRead()) {
            waitedNanos = 0;
        } else {
            waitedNanos += nanoTime.getAsLong() - begun;
            requirePatience();
        }
        listener.progressed(read, range.size());
        return records;
    }

    /** Counts the offsets that have been read, and returns whether they have become more. */
    private boolean updateRead() {
        long before = read;
        read = 0;
        range.to().forEach((partition, end) -> {
            long from = range.from().getOrDefault(partition, 0L);
            long position = unfinished.contains(partition) ? consumer.position(partition) : end;
            read += Math.max(0, Math.min(position, end) - from);
            if (position >= end) {
                unfinished.remove(partition);
            }
        });
        return read != before;
    }

    private void requirePatience() {
        if (waitedNanos > PATIENCE.toNanos()) {
            throw new DeadLetterTopic.StalledException("the dead letters could not be read on for "
                    + PATIENCE.toSeconds()
                    + " s, with " + (range.size() - read) + " to come: the broker does not answer, or a transaction"
                    + " stays open on " + unfinished);
        }
    }
}
