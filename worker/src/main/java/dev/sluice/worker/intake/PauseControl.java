package dev.sluice.worker.intake;

import java.util.HashSet;
import java.util.Set;
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
     * @return true if there are partitions and none of them may be read
     */
    boolean pauseAndResume(boolean all, long nowMillis) {
        boolean none = all || isFull();
        Set<TopicPartition> paused = new HashSet<>();
        for (OwnedPartition partition : partitions.all()) {
            if (none || !partition.isOpen() || mustWait(partition, nowMillis)) {
                paused.add(partition.partition());
            }
        }
        Set<TopicPartition> resumed = new HashSet<>(consumer.paused());
        resumed.removeAll(paused);
        boolean areAllPaused =
                !paused.isEmpty() && paused.size() == partitions.all().size();
        paused.removeAll(consumer.paused());
        consumer.pause(paused);
        consumer.resume(resumed);
        return areAllPaused;
    }

    private boolean mustWait(OwnedPartition partition, long nowMillis) {
        return partition.resumesAt() > nowMillis
                || partition.position() >= ledger.registerLimit(partition.assignment());
    }

    /**
     * Returns true if as many requests that are due are in memory as may be. Delayed requests have bounds of their own.
     */
    boolean isFull() {
        return ledger.openRecords() - dueGate.records() >= bounds.readyRecords()
                || ledger.openBytes() - dueGate.bytes() >= bounds.readyBytes();
    }
}
