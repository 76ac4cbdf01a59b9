package dev.sluice.worker.deadletters;

import dev.sluice.worker.kafka.KafkaClients;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsResult.ListOffsetsResultInfo;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;

/**
 * The dead-letter topic as it was when it was opened. Later letters are not read. Each call of {@link #readLetters}
 * reads the topic from its beginning, and no letters are kept in memory. Not thread-safe.
 */
public final class DeadLetterTopic implements AutoCloseable {
    private static final int FETCH_BYTES = 16 << 20;
    private static final int MIN_PARTITION_FETCH_BYTES = 64 << 10;
    private static final int MAX_PARTITION_FETCH_BYTES = 1 << 20;

    private final Admin admin;
    private final Consumer<byte[], byte[]> consumer;
    private final Iterable<TopicPartition> partitions;
    private final OffsetRange wholeTopic;
    /** The offsets up to which marks have been read. */
    private Map<TopicPartition, Long> marksReadUpTo;

    private final ReplayMarks marks = new ReplayMarks();

    /** Receives the number of offsets that have been read, and their total number. */
    public interface ProgressListener {
        ProgressListener NONE = (read, total) -> {};

        void progressed(long read, long total);
    }

    /** Thrown when nothing more could be read for too long. The message is for people. */
    public static final class StalledException extends RuntimeException {
        StalledException(String message) {
            super(message);
        }
    }

    /**
     * Opens the topic as it is now.
     *
     * @param kafka the user's properties
     * @throws KafkaException if the broker does not answer, or this user may not read the topic
     */
    public DeadLetterTopic(Admin admin, Map<String, Object> kafka, String topic, int partitionCount)
            throws InterruptedException {
        this.admin = admin;
        this.partitions = IntStream.range(0, partitionCount)
                .mapToObj(number -> new TopicPartition(topic, number))
                .toList();
        this.wholeTopic = new OffsetRange(offsets(OffsetSpec.earliest()), offsets(OffsetSpec.latest()));
        this.marksReadUpTo = wholeTopic.from();
        this.consumer = consumer(kafka, partitionCount);
    }

    private static Consumer<byte[], byte[]> consumer(Map<String, Object> kafka, int partitionCount) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, "sluice-dlq");
        config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
        config.put(
                ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
                Math.max(MIN_PARTITION_FETCH_BYTES, Math.min(MAX_PARTITION_FETCH_BYTES, FETCH_BYTES / partitionCount)));
        return KafkaClients.topicReader(config);
    }

    /**
     * Asks the broker for an offset of each partition. The latest offset is beyond all open transactions, so reading up
     * to it waits for them. The marks of a completed replay may come after the open transaction of a worker.
     */
    private Map<TopicPartition, Long> offsets(OffsetSpec spec) throws InterruptedException {
        Map<TopicPartition, OffsetSpec> specs = new HashMap<>();
        partitions.forEach(partition -> specs.put(partition, spec));
        try {
            return admin.listOffsets(specs).all().get().entrySet().stream()
                    .collect(Collectors.toMap(Map.Entry::getKey, entry -> offset(entry.getValue())));
        } catch (ExecutionException e) {
            throw e.getCause() instanceof KafkaException kafka
                    ? kafka
                    : new KafkaException("cannot ask for offsets", e.getCause());
        }
    }

    private static long offset(ListOffsetsResultInfo found) {
        return Math.max(0, found.offset());
    }

    /** Reads the marks that were written up to now. Marks that were read by an earlier call are not read again. */
    public ReplayMarks readMarks(ProgressListener listener) throws InterruptedException {
        OffsetRange unread = new OffsetRange(marksReadUpTo, offsets(OffsetSpec.latest()));
        new OffsetRangeReader(consumer, unread, listener, System::nanoTime).readByPartition(marks::add);
        marksReadUpTo = unread.to();
        return marks;
    }

    /**
     * Reads the letters that the topic held when it was opened, the oldest first.
     *
     * @param visitor receives each letter and returns whether it wants more
     */
    public void readLetters(Predicate<DeadLetter> visitor, ProgressListener listener) {
        Predicate<ConsumerRecord<byte[], byte[]>> recordVisitor =
                record -> ReplayMarks.isMark(record) || visitor.test(DeadLetter.of(record));
        new OffsetRangeReader(consumer, wholeTopic, listener, System::nanoTime).readOldestFirst(recordVisitor);
    }

    @Override
    public void close() {
        consumer.close();
    }
}
