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
    private final Consumer<byte[], byte[]> consumer;
    private final OwnedPartitions partitions;
    private final OffsetLedger ledger;
    private final ReadAhead readAhead;
    private final PlacementRule placement;

    PauseControl(
            Consumer<byte[], byte[]> consumer,
            OwnedPartitions partitions,
            OffsetLedger ledger,
            ReadAhead readAhead,
            PlacementRule placement) {
        this.consumer = consumer;
        this.partitions = partitions;
        this.ledger = ledger;
        this.readAhead = readAhead;
        this.placement = placement;
    }

    /**
     * Pauses and resumes what has to be.
     *
     * @param all true to pause every partition
     * @return true if there are partitions with new requests and none of them may be read
     */
    boolean pauseAndResume(boolean all, long nowMillis) {
        Set<TrafficClass> full = EnumSet.noneOf(TrafficClass.class);
        Stream.of(TrafficClass.values()).filter(readAhead::isFullForAll).forEach(full::add);
        boolean isLeavingFull = readAhead.isLeavingFull();
        Set<TopicPartition> paused = new HashSet<>();
        for (OwnedPartition partition : partitions.all()) {
            boolean isFull = full.contains(partition.assignment().trafficClass());
            boolean waits = isFull || (isLeavingFull && partition.isLeaving()) || placement.blocks(partition);
            if (all || waits || !partition.isOpen() || mustWait(partition, nowMillis)) {
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
        OverflowContent content = partition.overflow();
        return partition.resumesAt() > nowMillis
                || (content != null && content.awaitsEnd())
                || partition.position() >= ledger.registerLimit(partition.assignment());
    }
}
