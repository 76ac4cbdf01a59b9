package dev.sluice.worker.intake;

import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;

/**
 * Pauses the partitions that must not be read now and resumes the others. It derives the pauses anew every time and
 * remembers none, since a rebalance makes the consumer forget them. Owned by the poll thread.
 */
final class PauseControl {
    /** The divisor for the part of what new requests may take that each other class may take in addition. */
    private static final int OTHER_CLASSES_PART = 4;

    private final Consumer<byte[], byte[]> consumer;
    private final OwnedPartitions partitions;
    private final OffsetLedger ledger;
    private final DueGate dueGate;
    private final Intake.Bounds bounds;

    PauseControl(
            Consumer<byte[], byte[]> consumer,
            OwnedPartitions partitions,
            OffsetLedger ledger,
            DueGate dueGate,
            Intake.Bounds bounds) {
        this.consumer = consumer;
        this.partitions = partitions;
        this.ledger = ledger;
        this.dueGate = dueGate;
        this.bounds = bounds;
    }

    /**
     * Pauses and resumes what has to be.
     *
     * @param all true to pause every partition
     * @return true if there are partitions with new requests and none of them may be read
     */
    boolean pauseAndResume(boolean all, long nowMillis) {
        Set<TrafficClass> full = EnumSet.noneOf(TrafficClass.class);
        Stream.of(TrafficClass.values()).filter(this::isFull).forEach(full::add);
        Set<TopicPartition> paused = new HashSet<>();
        for (OwnedPartition partition : partitions.all()) {
            boolean isFull = full.contains(partition.assignment().trafficClass());
            if (all || isFull || !partition.isOpen() || mustWait(partition, nowMillis)) {
                paused.add(partition.partition());
            }
        }
        Set<TopicPartition> resumed = new HashSet<>(consumer.paused());
        resumed.removeAll(paused);
        boolean readsNone = requests().findAny().isPresent() && requests().allMatch(paused::contains);
        paused.removeAll(consumer.paused());
        consumer.pause(paused);
        consumer.resume(resumed);
        return readsNone;
    }

    private Stream<TopicPartition> requests() {
        return partitions.all().stream()
                .filter(partition -> partition.assignment().trafficClass() == TrafficClass.REQUESTS)
                .map(OwnedPartition::partition);
    }

    private boolean mustWait(OwnedPartition partition, long nowMillis) {
        return partition.resumesAt() > nowMillis
                || partition.position() >= ledger.registerLimit(partition.assignment());
    }

    /**
     * Returns true if as many requests that are due are in memory as may be. Delayed requests have bounds of their own.
     * Answers take the same part for each class, so that none is full for their sake while another is read.
     */
    boolean isFull(TrafficClass trafficClass) {
        long part = trafficClass == TrafficClass.REQUESTS ? 1 : OTHER_CLASSES_PART;
        long records = (long) ledger.openRecords(trafficClass) - dueGate.records(trafficClass);
        long bytes = ledger.openBytes(trafficClass) - dueGate.bytes(trafficClass);
        return part * records >= bounds.readyRecords() || part * bytes + ledger.answerBytes() >= bounds.readyBytes();
    }
}
