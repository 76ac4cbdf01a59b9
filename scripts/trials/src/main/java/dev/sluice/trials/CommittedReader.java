package dev.sluice.trials;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the committed records of topics from their beginning, on a thread of its own. */
public final class CommittedReader implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(CommittedReader.class);
    private static final Duration POLL = Duration.ofMillis(100);
    /** The time within which the broker knows a topic that was just made. */
    private static final Duration KNOWN = Duration.ofSeconds(30);

    private static final long CLOSE_MILLIS = 5_000;

    private final Consumer<byte[], byte[]> consumer;
    private final java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> take;
    private final Thread thread = new Thread(this::run, "trials-reader");
    private volatile boolean finishing;
    private volatile boolean closed;
    private volatile @Nullable RuntimeException failure;

    /**
     * Makes a reader of all partitions that the topics have now.
     *
     * @param take receives each record as soon as it can be seen; runs on the reader's thread
     */
    public CommittedReader(
            String bootstrapServers,
            List<String> topics,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> take) {
        this(bootstrapServers, topics, "none", take);
    }

    /** Makes a reader that goes on at the first record that is left, if records are deleted before it has read them. */
    public static CommittedReader skippingDeleted(
            String bootstrapServers,
            List<String> topics,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> take) {
        return new CommittedReader(bootstrapServers, topics, "earliest", take);
    }

    private CommittedReader(
            String bootstrapServers,
            List<String> topics,
            String offsetReset,
            java.util.function.Consumer<ConsumerRecord<byte[], byte[]>> take) {
        this.take = take;
        this.consumer = new KafkaConsumer<>(
                Map.of(
                        ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                        bootstrapServers,
                        ConsumerConfig.CLIENT_ID_CONFIG,
                        "trials-reader",
                        ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                        "read_committed",
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
                        offsetReset,
                        // a broker that was killed is noticed soon
                        ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                        5_000,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG,
                        false),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
        List<TopicPartition> all = topics.stream()
                .flatMap(topic -> partitions(consumer, topic).stream())
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(all);
        consumer.seekToBeginning(all);
        thread.setDaemon(true);
    }

    /** Returns the partitions of a topic. On a busy machine a broker learns of a new topic somewhat later. */
    private static List<PartitionInfo> partitions(Consumer<?, ?> consumer, String topic) {
        long deadline = System.nanoTime() + KNOWN.toNanos();
        List<PartitionInfo> partitions = consumer.partitionsFor(topic);
        while (partitions.isEmpty() && System.nanoTime() < deadline) {
            LockSupport.parkNanos(POLL.toNanos());
            partitions = consumer.partitionsFor(topic);
        }
        if (partitions.isEmpty()) {
            throw new IllegalStateException("the topic " + topic + " is not there within " + KNOWN);
        }
        return partitions;
    }

    public CommittedReader start() {
        thread.start();
        return this;
    }

    /**
     * Waits until everything is read. Call it only when nobody writes any more.
     *
     * @throws IllegalStateException if the reader does not get to the end within the bound, or has failed
     */
    public void finish(Duration bound) throws InterruptedException {
        finishing = true;
        thread.join(bound.toMillis());
        if (thread.isAlive() || failure != null) {
            throw new IllegalStateException("the topics cannot be read to their end within " + bound, failure);
        }
    }

    private void run() {
        try (consumer) {
            while (!closed) {
                // asked before the poll, which then sees all that was written by that time
                boolean last = finishing;
                consumer.poll(POLL).forEach(take);
                if (last && isAtEnd()) {
                    return;
                }
            }
        } catch (RuntimeException e) {
            failure = e;
            log.atError().setCause(e).log("Reader failed");
        }
    }

    private boolean isAtEnd() {
        try {
            return consumer.endOffsets(consumer.assignment()).entrySet().stream()
                    .allMatch(end -> consumer.position(end.getKey()) >= end.getValue());
        } catch (KafkaException e) {
            log.atDebug().setCause(e).log("End offsets unknown");
            return false;
        }
    }

    @Override
    public void close() throws InterruptedException {
        closed = true;
        thread.join(CLOSE_MILLIS);
    }
}
