package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens the accounts of newly assigned partitions: from what the group has committed, else from the beginning. None is read
 * before. Owned by the poll thread.
 */
final class PartitionOpener {
    private static final Duration QUICKLY = Duration.ofSeconds(2);
    /** For committed offsets: if they take longer, a dead worker's open transaction is what they wait for, as a rule. */
    private static final Duration UNLESS_HELD_BACK = Duration.ofMillis(500);

    private static final Logger log = LoggerFactory.getLogger(PartitionOpener.class);

    private final Consumer<byte[], byte[]> consumer;
    private final OwnedPartitions partitions;
    private final OffsetLedger ledger;
    private final Runnable heldBack;

    /** @param heldBack told where committed offsets cannot be had for the moment */
    PartitionOpener(
            Consumer<byte[], byte[]> consumer, OwnedPartitions partitions, OffsetLedger ledger, Runnable heldBack) {
        this.consumer = consumer;
        this.partitions = partitions;
        this.ledger = ledger;
        this.heldBack = heldBack;
    }

    /** Opens what waits for it, if that is possible now. */
    void openAssigned() {
        List<OwnedPartition> waiting = partitions.awaitingOpening();
        if (waiting.isEmpty()) {
            return;
        }
        Set<TopicPartition> keys =
                waiting.stream().map(OwnedPartition::partition).collect(Collectors.toSet());
        try {
            Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(keys, UNLESS_HELD_BACK);
            for (OwnedPartition partition : waiting) {
                open(partition, Optional.ofNullable(committed.get(partition.partition())));
            }
        } catch (RetriableException notNow) {
            log.atDebug().addKeyValue("partitions", keys).log("committed offsets are not known yet");
            heldBack.run();
        }
    }

    private void open(OwnedPartition partition, Optional<OffsetAndMetadata> committed) {
        committed.ifPresent(offset -> consumer.seek(partition.partition(), offset.offset()));
        long position = consumer.position(partition.partition(), QUICKLY);
        partition.position(position);
        partition.opened(ledger.open(partition.assignment(), position, committed));
        if (partition.refusal() != null) {
            PositionReporter.logRefusal(partition);
        }
    }

    /** Whether all that is assigned is open, and there is some. */
    boolean areComplete() {
        return !partitions.open().isEmpty() && partitions.awaitingOpening().isEmpty();
    }
}
