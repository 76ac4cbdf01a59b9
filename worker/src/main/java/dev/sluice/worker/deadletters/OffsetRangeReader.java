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

/** Reads one span once. What it keeps is bounded by what the consumer fetches at a time. Not thread-safe. */
final class OffsetRangeReader {
    private static final Duration POLL = Duration.ofMillis(100);

    /** A worker that has died holds its partition up for 10 s. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer;
    private final OffsetRange span;
    private final DeadLetterTopic.Watch watch;
    private final LongSupplier nanoTime;
    /** Partitions of which something is still to come. */
    private final Set<TopicPartition> open = new HashSet<>();

    private long read;
    /** Spent in asking since it last moved: what the visitor does meanwhile, slowly perhaps, is no stall. */
    private long waitedNanos;

    /** @param nanoTime a monotonic clock */
    OffsetRangeReader(
            org.apache.kafka.clients.consumer.Consumer<byte[], byte[]> consumer,
            OffsetRange span,
            DeadLetterTopic.Watch watch,
            LongSupplier nanoTime) {
        this.consumer = consumer;
        this.span = span;
        this.watch = watch;
        this.nanoTime = nanoTime;
        span.to().forEach((partition, end) -> {
            if (span.from().getOrDefault(partition, 0L) < end) {
                open.add(partition);
            }
        });
        consumer.assign(open);
        open.forEach(partition -> consumer.seek(partition, span.from().getOrDefault(partition, 0L)));
    }

    void asItComes(Consumer<ConsumerRecord<byte[], byte[]>> visitor) {
        while (!open.isEmpty()) {
            poll(open).forEach(visitor);
        }
    }

    /**
     * In the order of the records' times over all partitions, as far as the broker wrote them in that order: always the
     * same, and one partition after another would send all requests of one worker before those of the next.
     *
     * @param visitor returns whether it wants more
     */
    void oldestFirst(Predicate<ConsumerRecord<byte[], byte[]>> visitor) {
        Map<TopicPartition, Deque<ConsumerRecord<byte[], byte[]>>> waiting = new HashMap<>();
        PriorityQueue<TopicPartition> next = new PriorityQueue<>(Comparator.<TopicPartition>comparingLong(
                        partition -> waiting.get(partition).getFirst().timestamp())
                .thenComparingInt(TopicPartition::partition));
        Set<TopicPartition> hungry = new HashSet<>(open);
        while (!hungry.isEmpty() || !next.isEmpty()) {
            if (hungry.isEmpty()) {
                TopicPartition oldest = next.remove();
                if (!visitor.test(waiting.get(oldest).removeFirst())) {
                    return;
                }
                (waiting.get(oldest).isEmpty() ? hungry : next).add(oldest);
            } else {
                poll(hungry).forEach(record -> queueOf(waiting, record).add(record));
                hungry.stream()
                        .filter(fed ->
                                waiting.containsKey(fed) && !waiting.get(fed).isEmpty())
                        .forEach(next::add);
                hungry.removeAll(next);
            }
            hungry.retainAll(open);
        }
    }

    private static Deque<ConsumerRecord<byte[], byte[]>> queueOf(
            Map<TopicPartition, Deque<ConsumerRecord<byte[], byte[]>>> waiting, ConsumerRecord<byte[], byte[]> record) {
        TopicPartition partition = new TopicPartition(record.topic(), record.partition());
        return waiting.computeIfAbsent(partition, key -> new ArrayDeque<>());
    }

    private List<ConsumerRecord<byte[], byte[]>> poll(Collection<TopicPartition> wanted) {
        consumer.pause(consumer.assignment());
        consumer.resume(wanted);
        long begun = nanoTime.getAsLong();
        List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            if (record.offset() < span.to().getOrDefault(partition, 0L)) {
                records.add(record);
            }
        }
        if (advances()) {
            waitedNanos = 0;
        } else {
            waitedNanos += nanoTime.getAsLong() - begun;
            requirePatience();
        }
        watch.at(read, span.size());
        return records;
    }

    private boolean advances() {
        long before = read;
        read = 0;
        span.to().forEach((partition, end) -> {
            long from = span.from().getOrDefault(partition, 0L);
            long position = open.contains(partition) ? consumer.position(partition) : end;
            read += Math.max(0, Math.min(position, end) - from);
            if (position >= end) {
                open.remove(partition);
            }
        });
        return read != before;
    }

    private void requirePatience() {
        if (waitedNanos > PATIENCE.toNanos()) {
            throw new DeadLetterTopic.StalledException("the dead letters could not be read on for "
                    + PATIENCE.toSeconds()
                    + " s, with " + (span.size() - read) + " to come: the broker does not answer, or a transaction"
                    + " stays open on " + open);
        }
    }
}
