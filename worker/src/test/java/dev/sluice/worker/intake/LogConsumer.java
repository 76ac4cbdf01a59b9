package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * Kafka's mock consumer, reading a {@link FakeLog}: a record is there again after a seek. It fails as the real one does:
 * what is a Kafka exception waits until there is nothing else to hand over, while an error loses what was read before,
 * the positions of the other partitions included, and leaves what was fetched broken: from there the partition throws a
 * Kafka exception until it is sought away from or not assigned any more.
 */
final class LogConsumer extends MockConsumer<byte[], byte[]> {
    private final FakeLog log;
    private final int maxPollRecords;
    private final List<Duration> timeouts = new ArrayList<>();
    private final Map<TopicPartition, Long> broken = new HashMap<>();
    private final Map<TopicPartition, Long> halfRead = new HashMap<>();
    private Set<TopicPartition> left = Set.of();
    private boolean metadataIsForgotten;
    /** What the group has committed of a partition by the time that this one has left. */
    ToLongFunction<TopicPartition> committedOnLeaving = partition -> 0;

    LogConsumer(FakeLog log, int maxPollRecords) {
        super("earliest");
        this.log = log;
        this.maxPollRecords = maxPollRecords;
        width(3);
    }

    /** So many partitions the consumer knows of, be they more or fewer than there are. */
    void width(int partitions) {
        FakeLog.TOPICS.inputs().forEach(topic -> width(topic, partitions));
    }

    /** The same of one topic alone. */
    void width(String topic, int partitions) {
        updatePartitions(
                topic,
                IntStream.range(0, partitions)
                        .mapToObj(partition -> info(topic, partition))
                        .toList());
    }

    /** It knows none, and finds none out. */
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

    /** A rebalance that leaves these partitions assigned, none of which anything is committed for. */
    void assigned(TopicPartition... partitions) {
        Map<TopicPartition, Long> beginnings = List.of(partitions).stream().collect(Collectors.toMap(p -> p, p -> 0L));
        updateBeginningOffsets(beginnings);
        rebalance(beginnings.keySet());
    }

    /** As if an earlier owner had committed this. */
    void committed(TopicPartition partition, OffsetAndMetadata offset) {
        commitSync(Map.of(partition, offset));
    }

    /** Kafka forgets the pauses of what goes, its mock does not. */
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

    /** Lets go of all that was fetched. Once it subscribes again it comes back to the same partitions. */
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
     * As after an error while it copied the next record: it goes on behind that one, unless it is sought elsewhere, and
     * lets go of it only with all that it fetched.
     */
    void halfRead(TopicPartition partition) {
        halfRead.put(partition, position(partition));
    }

    /** How long each poll might have waited. */
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
        return partitions.stream().collect(Collectors.toMap(p -> p, log::end));
    }
}
