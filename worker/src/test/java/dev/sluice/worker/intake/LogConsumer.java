package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Reads a {@link FakeLog} through Kafka's mock consumer, so that a record is there again after a seek.
 *
 * <p>It fails like the real consumer. A Kafka exception waits until there is no other record to return. An error loses
 * the records that were read before it and the positions of the other partitions. It also leaves a broken fetch, for
 * which the partition throws a Kafka exception until it is sought elsewhere or no longer assigned.
 */
final class LogConsumer extends MockConsumer<byte[], byte[]> {
    private final FakeLog log;
    private final int maxPollRecords;
    private final List<Duration> timeouts = new ArrayList<>();
    private final Map<TopicPartition, Long> broken = new HashMap<>();
    private final Map<TopicPartition, Long> halfRead = new HashMap<>();
    private Set<TopicPartition> left = Set.of();
    private boolean metadataIsForgotten;
    private Optional<RuntimeException> failsPosition = Optional.empty();
    /** The offset of a partition that the group has committed when this consumer has left. */
    ToLongFunction<TopicPartition> committedOnLeaving = partition -> 0;

    LogConsumer(FakeLog log, int maxPollRecords) {
        super("earliest");
        this.log = log;
        this.maxPollRecords = maxPollRecords;
        width(3);
    }

    /** Sets the number of bundles in the consumer's metadata, which may differ from the log. */
    void width(int bundles) {
        FakeLog.TOPICS.inputs().forEach(topic -> width(topic, bundles * FakeLog.TOPICS.partitionsPerBundle(topic)));
    }

    /** Sets the number of partitions of one topic alone. */
    void width(String topic, int partitions) {
        updatePartitions(
                topic,
                IntStream.range(0, partitions)
                        .mapToObj(partition -> info(topic, partition))
                        .toList());
    }

    /** Drops the metadata for good. */
    void forgetMetadata() {
        metadataIsForgotten = true;
    }

    @Override
    public synchronized List<PartitionInfo> partitionsFor(String topic) {
        if (metadataIsForgotten) {
            throw new TimeoutException("no metadata");
        }
        return super.partitionsFor(topic);
    }

    private static PartitionInfo info(String topic, int partition) {
        Node[] none = {};
        return new PartitionInfo(topic, partition, null, none, none);
    }

    /** Runs a rebalance that assigns these partitions, which have no committed offset. */
    void assigned(TopicPartition... partitions) {
        Map<TopicPartition, Long> beginnings = List.of(partitions).stream().collect(Collectors.toMap(p -> p, p -> 0L));
        updateBeginningOffsets(beginnings);
        rebalance(beginnings.keySet());
    }

    /** Commits an offset like an earlier owner. */
    void committed(TopicPartition partition, OffsetAndMetadata offset) {
        commitSync(Map.of(partition, offset));
    }

    /** Forgets the pauses of revoked partitions like Kafka, since its mock does not. */
    @Override
    public synchronized void rebalance(Collection<TopicPartition> newAssignment) {
        List<TopicPartition> forgotten = paused().stream()
                .filter(partition -> !newAssignment.contains(partition))
                .toList();
        resume(forgotten);
        super.rebalance(newAssignment);
    }

    @Override
    public synchronized void assign(Collection<TopicPartition> partitions) {
        broken.keySet().retainAll(partitions);
        super.assign(partitions);
    }

    /** Drops all that was fetched. The same partitions are assigned again when the consumer subscribes again. */
    @Override
    public synchronized void unsubscribe() {
        left = Set.copyOf(assignment());
        rebalance(Set.of());
        broken.clear();
        halfRead.clear();
        super.unsubscribe();
    }

    private void comeBack() {
        if (!left.isEmpty() && !subscription().isEmpty()) {
            left.forEach(partition ->
                    committed(partition, new OffsetAndMetadata(committedOnLeaving.applyAsLong(partition))));
            rebalance(left);
            left = Set.of();
        }
    }

    /**
     * Simulates an error while the consumer copied the next record. It goes on behind that record unless it is sought
     * elsewhere, and drops the record only with all that it fetched.
     */
    void halfRead(TopicPartition partition) {
        halfRead.put(partition, position(partition));
    }

    /** Throws this once, as soon as any position is asked for. */
    void failPosition(RuntimeException failure) {
        failsPosition = Optional.of(failure);
    }

    @Override
    public synchronized long position(TopicPartition partition, Duration timeout) {
        Optional<RuntimeException> failure = failsPosition;
        failsPosition = Optional.empty();
        if (failure.isPresent()) {
            throw failure.get();
        }
        return super.position(partition, timeout);
    }

    /** Returns the timeout of each poll. */
    List<Duration> timeouts() {
        return timeouts;
    }

    @Override
    public synchronized ConsumerRecords<byte[], byte[]> poll(Duration timeout) {
        timeouts.add(timeout);
        comeBack();
        super.poll(timeout);
        Map<TopicPartition, List<ConsumerRecord<byte[], byte[]>>> polled = new HashMap<>();
        int left = maxPollRecords;
        List<TopicPartition> fetched = assignment().stream()
                .filter(partition -> !paused().contains(partition))
                .sorted(Comparator.comparing(TopicPartition::toString))
                .toList();
        for (TopicPartition partition : fetched) {
            failIfBroken(partition);
            skipHalfRead(partition);
            List<ConsumerRecord<byte[], byte[]>> records = new ArrayList<>();
            for (Map.Entry<Long, FakeLog.Entry> entry :
                    log.from(partition, position(partition)).entrySet()) {
                if (left == 0) {
                    break;
                }
                if (entry.getValue().record().isEmpty()) {
                    Throwable failure = entry.getValue().failure().get();
                    if (failure instanceof Error) {
                        broken.put(partition, entry.getKey());
                    }
                    fail(failure, polled.isEmpty() && records.isEmpty());
                    left = 0;
                    break;
                }
                records.add(entry.getValue().record().get());
                left--;
            }
            if (left > 0) {
                seek(partition, log.end(partition));
            } else if (!records.isEmpty()) {
                seek(partition, records.get(records.size() - 1).offset() + 1);
            }
            if (!records.isEmpty()) {
                polled.put(partition, records);
            }
        }
        return new ConsumerRecords<>(polled, Map.of());
    }

    private void skipHalfRead(TopicPartition partition) {
        Long at = halfRead.remove(partition);
        if (at != null && at == position(partition)) {
            seek(partition, at + 1);
        }
    }

    private void failIfBroken(TopicPartition partition) {
        Long at = broken.get(partition);
        if (at != null && at == position(partition)) {
            throw new KafkaException("Received exception when fetching the next record from " + partition);
        }
        broken.remove(partition);
    }

    private static void fail(Throwable failure, boolean none) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (none) {
            throw (KafkaException) failure;
        }
    }

    @Override
    public synchronized Map<TopicPartition, Long> endOffsets(Collection<TopicPartition> partitions, Duration timeout) {
        if (partitions.stream().anyMatch(log.leaderless::contains)) {
            throw new TimeoutException("no leader");
        }
        return partitions.stream().collect(Collectors.toMap(p -> p, log::end));
    }
}
