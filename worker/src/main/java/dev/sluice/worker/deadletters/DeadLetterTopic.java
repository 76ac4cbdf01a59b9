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
 * The dead-letter topic as it was at one moment: what came later is not seen. Read from the beginning as often as it is
 * asked; nothing is kept of it. Not thread-safe.
 */
public final class DeadLetterTopic implements AutoCloseable {
    private static final int FETCH_BYTES = 16 << 20;
    private static final int LEAST_FETCH_BYTES = 64 << 10;

    private final Admin admin;
    private final Consumer<byte[], byte[]> consumer;
    private final Iterable<TopicPartition> partitions;
    private final OffsetRange all;
    private OffsetRange markedUpTo;
    private final ReplayMarks marks = new ReplayMarks();

    /** Is told how far a reading is. */
    public interface Watch {
        Watch NOBODY = (read, total) -> {};

        void at(long read, long total);
    }

    /** Nothing more could be read for longer than anything healthy takes; the message is for people. */
    public static final class StalledException extends RuntimeException {
        StalledException(String message) {
            super(message);
        }
    }

    /**
     * Opens the topic as it is now.
     *
     * @param kafka the user's properties
     * @param width its number of partitions
     * @throws KafkaException where the broker does not answer or does not let us look
     */
    public DeadLetterTopic(Admin admin, Map<String, Object> kafka, String topic, int width)
            throws InterruptedException {
        this.admin = admin;
        this.partitions = IntStream.range(0, width)
                .mapToObj(number -> new TopicPartition(topic, number))
                .toList();
        this.all = new OffsetRange(offsets(OffsetSpec.earliest()), offsets(OffsetSpec.latest()));
        this.markedUpTo = new OffsetRange(all.from(), all.from());
        this.consumer = consumer(kafka, width);
    }

    private static Consumer<byte[], byte[]> consumer(Map<String, Object> kafka, int width) {
        Map<String, Object> config = new HashMap<>(kafka);
        config.putIfAbsent(ConsumerConfig.CLIENT_ID_CONFIG, "sluice-dlq");
        config.put(ConsumerConfig.FETCH_MAX_BYTES_CONFIG, FETCH_BYTES);
        config.put(
                ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG,
                Math.max(LEAST_FETCH_BYTES, Math.min(1 << 20, FETCH_BYTES / width)));
        return KafkaClients.topicReader(config);
    }

    /**
     * Ends are those behind everything, transactions under way included, and reading up to them waits for these: behind
     * one that a worker has open there may be the marks of a replay that is long done.
     */
    private Map<TopicPartition, Long> offsets(OffsetSpec which) throws InterruptedException {
        Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
        partitions.forEach(partition -> asked.put(partition, which));
        try {
            return admin.listOffsets(asked).all().get().entrySet().stream()
                    .collect(Collectors.toMap(Map.Entry::getKey, entry -> offset(entry.getValue())));
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof KafkaException kafka
                    ? kafka
                    : new KafkaException("cannot ask for offsets", failed.getCause());
        }
    }

    private static long offset(ListOffsetsResultInfo found) {
        return Math.max(0, found.offset());
    }

    /** All marks there are now; what has been read of them before is not read again. */
    public ReplayMarks marks(Watch watch) throws InterruptedException {
        OffsetRange unread = new OffsetRange(markedUpTo.to(), offsets(OffsetSpec.latest()));
        new OffsetRangeReader(consumer, unread, watch, System::nanoTime).asItComes(marks::take);
        markedUpTo = unread;
        return marks;
    }

    /**
     * Hands over the letters that were there at the beginning, the oldest first.
     *
     * @param visitor returns whether it wants more
     */
    public void letters(Predicate<DeadLetter> visitor, Watch watch) {
        Predicate<ConsumerRecord<byte[], byte[]>> each =
                record -> ReplayMarks.isMark(record) || visitor.test(DeadLetter.of(record));
        new OffsetRangeReader(consumer, all, watch, System::nanoTime).oldestFirst(each);
    }

    @Override
    public void close() {
        consumer.close();
    }
}
