package dev.sluice.worker.deadletters;

import dev.sluice.wire.Topics;
import dev.sluice.wire.WireHeaders;
import dev.sluice.worker.kafka.AdminTimeouts;
import dev.sluice.worker.kafka.KafkaClients;
import dev.sluice.worker.text.CommandException;
import dev.sluice.worker.topics.AclErrors;
import dev.sluice.worker.topics.TopicState;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import java.util.function.BiConsumer;
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
import org.jspecify.annotations.Nullable;

/**
 * The dead-letter topic as it was when it was opened. Later letters are not read. Each call of {@link #readLetters}
 * reads the topic from its beginning, and no letters are kept in memory. Not thread-safe.
 */
public final class DeadLetterTopic implements AutoCloseable {
    private static final int FETCH_BYTES = 16 << 20;
    private static final int MIN_PARTITION_FETCH_BYTES = 64 << 10;
    private static final int MAX_PARTITION_FETCH_BYTES = 1 << 20;

    private final String name;
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
        this.name = topic;
        this.admin = admin;
        this.partitions = IntStream.range(0, partitionCount)
                .mapToObj(number -> new TopicPartition(topic, number))
                .toList();
        this.wholeTopic = new OffsetRange(offsets(OffsetSpec.earliest()), offsets(OffsetSpec.latest()));
        this.marksReadUpTo = wholeTopic.from();
        this.consumer = consumer(kafka, partitionCount);
    }

    /**
     * Opens the topic of a queue as it is now, after a look at the topics that a replay needs.
     *
     * @param kafka the user's properties
     * @throws CommandException if a topic is missing, may not be read or cannot be used
     * @throws KafkaException if the broker does not answer, or this user may not read the topic
     */
    public static DeadLetterTopic open(Admin admin, Map<String, Object> kafka, Topics topics)
            throws InterruptedException {
        try {
            List<String> needed = List.of(topics.requests(), topics.dead());
            Map<String, TopicState> found = TopicState.read(admin, needed, AdminTimeouts.FOREGROUND);
            for (String name : needed) {
                requireUsable(name, found.get(name), kafka, topics);
            }
            int partitionCount =
                    Objects.requireNonNull(found.get(topics.dead())).partitions();
            return new DeadLetterTopic(admin, kafka, topics.dead(), partitionCount);
        } catch (TopicState.UnreadableException e) {
            throw unreadable(e, topics);
        }
    }

    private static CommandException unreadable(TopicState.UnreadableException failure, Topics topics) {
        // the dead-letter topic is read later; of the request topic only the description is needed
        boolean isRead = failure.topic().equals(topics.dead());
        AclErrors.Right missing = isRead ? AclErrors.Right.READ : AclErrors.Right.DESCRIBE;
        return new CommandException(
                AclErrors.words(failure, missing).orElseGet(() -> String.valueOf(failure.getMessage())));
    }

    private static void requireUsable(
            String name, @Nullable TopicState state, Map<String, Object> kafka, Topics topics) {
        if (state == null) {
            throw new CommandException("Kafka at " + kafka.get("bootstrap.servers") + " has no " + name
                    + "; create it with 'sluice topics create --topic " + topics.base()
                    + "', or name another queue with --topic");
        }
        if (state.isCompacted()) {
            throw new CommandException("topic " + name + " is compacted, so that what it holds is incomplete; set its"
                    + " cleanup.policy to delete");
        }
    }

    /** Returns the letter at an offset; empty if there is none, or it is a mark. */
    public Optional<DeadLetter> letterAt(int partition, long offset, ProgressListener listener) {
        TopicPartition place = new TopicPartition(name, partition);
        Long begin = wholeTopic.from().get(place);
        Long end = wholeTopic.to().get(place);
        if (begin == null || end == null || offset < begin || offset >= end) {
            return Optional.empty();
        }
        List<DeadLetter> found = new ArrayList<>();
        OffsetRange range = new OffsetRange(Map.of(place, offset), Map.of(place, offset + 1));
        new OffsetRangeReader(consumer, range, listener, System::nanoTime).readByPartition(record -> {
            if (record.offset() == offset && !ReplayMarks.isMark(record)) {
                found.add(DeadLetter.of(record));
            }
        });
        return found.stream().findFirst();
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
     * Reads the marks of a few letters, by the positions of these. A letter that was not replayed has none, and of
     * several the first one counts.
     */
    public Map<String, ReplayMark> marksOf(Collection<DeadLetter> letters, ProgressListener listener)
            throws InterruptedException {
        Map<TopicPartition, Map<Long, String>> wanted = new HashMap<>();
        letters.forEach(letter -> wanted.computeIfAbsent(letter.partition(), key -> new HashMap<>())
                .put(letter.record().offset(), letter.position()));
        Map<String, ReplayMark> found = new HashMap<>();
        Map<TopicPartition, Long> ends = offsets(OffsetSpec.latest());
        ends.keySet().retainAll(wanted.keySet());
        Map<TopicPartition, Long> begins = new HashMap<>(); // a mark comes after its letter
        wanted.forEach((partition, positions) -> begins.put(partition, Collections.min(positions.keySet())));
        OffsetRange range = new OffsetRange(begins, ends);
        new OffsetRangeReader(consumer, range, listener, System::nanoTime).readByPartition(record -> {
            OptionalLong letter = ReplayMarks.isMark(record) ? ReplayMarks.letterOf(record) : OptionalLong.empty();
            if (letter.isPresent()) {
                TopicPartition partition = new TopicPartition(record.topic(), record.partition());
                String position = wanted.getOrDefault(partition, Map.of()).get(letter.getAsLong());
                if (position != null) {
                    found.putIfAbsent(position, mark(record));
                }
            }
        });
        return found;
    }

    private static ReplayMark mark(ConsumerRecord<byte[], byte[]> record) {
        return new ReplayMark(
                Instant.ofEpochMilli(Math.max(0, record.timestamp())),
                WireHeaders.text(record.headers(), WireHeaders.REPLAYED_BY).orElse(""));
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

    /** Returns the number of offsets that the topic had when it was opened. */
    public long size() {
        return wholeTopic.size();
    }

    /**
     * Reads the last letters of each partition, the oldest of them first. Their marks come after them, so that they are
     * known as well.
     *
     * @param length the offsets of each partition to read
     */
    public void readTail(int length, BiConsumer<DeadLetter, ReplayMarks> visitor) {
        Map<TopicPartition, Long> begins = new HashMap<>();
        wholeTopic
                .to()
                .forEach((partition, end) ->
                        begins.put(partition, Math.max(wholeTopic.from().getOrDefault(partition, 0L), end - length)));
        OffsetRange tail = new OffsetRange(begins, wholeTopic.to());
        ReplayMarks tailMarks = new ReplayMarks();
        new OffsetRangeReader(consumer, tail, ProgressListener.NONE, System::nanoTime).readByPartition(tailMarks::add);
        new OffsetRangeReader(consumer, tail, ProgressListener.NONE, System::nanoTime).readOldestFirst(record -> {
            if (!ReplayMarks.isMark(record)) {
                visitor.accept(DeadLetter.of(record), tailMarks);
            }
            return true;
        });
    }

    @Override
    public void close() {
        consumer.close();
    }
}
