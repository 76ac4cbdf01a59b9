package dev.sluice.worker.intake;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.sluice.wire.Topics;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/** The records in the partitions of a queue. {@link LogConsumer}s read them as often as they like. */
final class FakeLog {
    static final Topics TOPICS = new Topics("chat");
    static final String BODY = "{\"model\":\"m\",\"messages\":[]}";

    final Map<TopicPartition, NavigableMap<Long, Entry>> entries = new HashMap<>();
    /** Partitions whose ends nobody can ask for. */
    final Set<TopicPartition> leaderless = new HashSet<>();

    private final Map<TopicPartition, Long> ends = new HashMap<>();

    /** A record, or the failure of reading it. */
    record Entry(Optional<ConsumerRecord<byte[], byte[]>> record, Supplier<Throwable> failure) {}

    static TopicPartition requests(int partition) {
        return new TopicPartition(TOPICS.requests(), partition);
    }

    /** Appends a request that is due at once. */
    FakeLog request(TopicPartition partition) {
        return request(partition, 1_000, new RecordHeaders());
    }

    FakeLog requests(TopicPartition partition, int count) {
        for (int i = 0; i < count; i++) {
            request(partition);
        }
        return this;
    }

    FakeLog request(TopicPartition partition, long appendedAt, RecordHeaders headers) {
        return request(partition, appendedAt, headers, BODY.getBytes(UTF_8));
    }

    FakeLog request(TopicPartition partition, long appendedAt, RecordHeaders headers, byte[] value) {
        ConsumerRecord<byte[], byte[]> record = new ConsumerRecord<>(
                partition.topic(),
                partition.partition(),
                end(partition),
                appendedAt,
                TimestampType.LOG_APPEND_TIME,
                -1,
                value.length,
                null,
                value,
                headers,
                Optional.empty());
        return add(partition, new Entry(Optional.of(record), IllegalStateException::new));
    }

    /** Appends a record for which {@code poll} throws what Kafka throws for a damaged batch. */
    FakeLog corrupt(TopicPartition partition) {
        return unreadable(
                partition, () -> new KafkaException("please seek past it", new KafkaException("bad checksum")));
    }

    FakeLog unreadable(TopicPartition partition, Supplier<Throwable> failure) {
        return add(partition, new Entry(Optional.empty(), failure));
    }

    /** Appends a request for which {@code poll} throws the given number of times. */
    FakeLog unreadableAtFirst(TopicPartition partition, int times, Supplier<Throwable> failure) {
        long offset = end(partition);
        request(partition);
        NavigableMap<Long, Entry> log = from(partition, offset);
        Entry whole = log.get(offset);
        AtomicInteger left = new AtomicInteger(times);
        log.put(offset, new Entry(Optional.empty(), () -> {
            if (left.decrementAndGet() == 0) {
                log.put(offset, whole);
            }
            return failure.get();
        }));
        return this;
    }

    /** Appends an offset without a record, such as that of a transaction marker. */
    FakeLog gap(TopicPartition partition) {
        ends.merge(partition, 1L, Long::sum);
        return this;
    }

    long end(TopicPartition partition) {
        return ends.getOrDefault(partition, 0L);
    }

    private FakeLog add(TopicPartition partition, Entry entry) {
        entries.computeIfAbsent(partition, key -> new TreeMap<>()).put(end(partition), entry);
        return gap(partition);
    }

    NavigableMap<Long, Entry> from(TopicPartition partition, long position) {
        return entries.getOrDefault(partition, new TreeMap<>()).tailMap(position, true);
    }
}
