package dev.sluice;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;

/**
 * A reply topic of one partition in memory. It makes consumers that read it and fail when they are told to. The class
 * is thread-safe.
 */
final class ReplyLog {
    private final TopicPartition partition;
    private final List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
    private final Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
    private final AtomicInteger consumers = new AtomicInteger();
    private long start;
    private boolean isDeleted;

    ReplyLog() {
        this("chat.replies");
    }

    ReplyLog(String topic) {
        this.partition = new TopicPartition(topic, 0);
    }

    /** Appends a record as it is. */
    synchronized void append(ProducerRecord<byte[], byte[]> record) {
        ConsumerRecord<byte[], byte[]> appended =
                new ConsumerRecord<>(partition.topic(), 0, start + records.size(), record.key(), record.value());
        record.headers().forEach(appended.headers()::add);
        records.add(appended);
    }

    /** Appends the reply of the request with this id. */
    synchronized void append(String id, byte[] correlation) {
        records.add(SampleReplyRecords.ok(partition.topic(), 0, start + records.size(), id, correlation));
    }

    /** Fails one poll with each of these. */
    void fail(Throwable failure) {
        failures.add(failure);
    }

    /** Returns the number of failures that no poll has met yet. */
    int failuresLeft() {
        return failures.size();
    }

    /** Deletes the records that are there, read or not. */
    synchronized void deleteRecords() {
        start += records.size();
        records.clear();
    }

    /** Empties the log and begins at offset 0, as a topic that is made anew. */
    synchronized void recreate() {
        start = 0;
        records.clear();
    }

    synchronized void deleteTopic() {
        isDeleted = true;
    }

    int consumers() {
        return consumers.get();
    }

    Consumer<byte[], byte[]> consumer() {
        consumers.incrementAndGet();
        return new LogConsumer();
    }

    private synchronized long end() {
        return start + records.size();
    }

    private synchronized List<PartitionInfo> partitions() {
        Node node = new Node(0, "localhost", 9092);
        Node[] nodes = {node};
        return isDeleted ? List.of() : List.of(new PartitionInfo(partition.topic(), 0, node, nodes, nodes));
    }

    private synchronized List<ConsumerRecord<byte[], byte[]>> from(long position) {
        if (position < start || position > end()) {
            throw new OffsetOutOfRangeException(Map.of(partition, position));
        }
        return List.copyOf(records.subList((int) (position - start), records.size()));
    }

    private final class LogConsumer extends MockConsumer<byte[], byte[]> {
        LogConsumer() {
            super("none");
        }

        @Override
        public List<PartitionInfo> partitionsFor(String topic, Duration timeout) {
            return partitions();
        }

        @Override
        public synchronized long position(TopicPartition asked, Duration timeout) {
            updateEndOffsets(Map.of(partition, end()));
            return super.position(asked, timeout);
        }

        @Override
        public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
            Throwable failure = failures.poll();
            if (failure instanceof Error error) {
                throw error;
            } else if (failure instanceof RuntimeException exception) {
                throw exception;
            }
            List<ConsumerRecord<byte[], byte[]>> polled = from(position(partition));
            if (polled.isEmpty()) {
                Thread.onSpinWait();
                return ConsumerRecords.empty();
            }
            long next = polled.get(polled.size() - 1).offset() + 1;
            seek(partition, next);
            return new ConsumerRecords<>(Map.of(partition, polled), Map.of(partition, new OffsetAndMetadata(next)));
        }
    }
}
