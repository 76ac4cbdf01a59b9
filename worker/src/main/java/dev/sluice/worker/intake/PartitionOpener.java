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
 * Opens newly assigned partitions at the offset that the group has committed, or else at the beginning. No partition is
 * read before it is open. Owned by the poll thread.
 */
final class PartitionOpener {
    private static final Duration POSITION_TIMEOUT = Duration.ofSeconds(2);

    // a longer wait usually means that a dead worker left a transaction open
    private static final Duration COMMITTED_TIMEOUT = Duration.ofMillis(500);

    private static final Logger log = LoggerFactory.getLogger(PartitionOpener.class);

    private final Consumer<byte[], byte[]> consumer;
    private final OwnedPartitions partitions;
    private final OffsetLedger ledger;
    private final Runnable onUnavailableOffsets;

    /** @param onUnavailableOffsets runs if the committed offsets cannot be read now */
    PartitionOpener(
            Consumer<byte[], byte[]> consumer,
            OwnedPartitions partitions,
            OffsetLedger ledger,
            Runnable onUnavailableOffsets) {
        this.consumer = consumer;
        this.partitions = partitions;
        this.ledger = ledger;
        this.onUnavailableOffsets = onUnavailableOffsets;
    }

    /** Opens the assigned partitions that are not open yet, if their committed offsets can be read now. */
    void openAssigned() {
        List<OwnedPartition> waiting = partitions.awaitingOpening();
        if (waiting.isEmpty()) {
            return;
        }
        Set<TopicPartition> keys =
                waiting.stream().map(OwnedPartition::partition).collect(Collectors.toSet());
        try {
            Map<TopicPartition, OffsetAndMetadata> committed = consumer.committed(keys, COMMITTED_TIMEOUT);
            for (OwnedPartition partition : waiting) {
                open(partition, Optional.ofNullable(committed.get(partition.partition())));
            }
        } catch (RetriableException e) {
            log.atDebug().addKeyValue("partitions", keys).log("Committed offsets unavailable");
            onUnavailableOffsets.run();
        }
    }

    private void open(OwnedPartition partition, Optional<OffsetAndMetadata> committed) {
        committed.ifPresent(offset -> consumer.seek(partition.partition(), offset.offset()));
        long position = consumer.position(partition.partition(), POSITION_TIMEOUT);
        partition.position(position);
        partition.opened(ledger.open(partition.assignment(), position, committed));
        if (partition.refusal() != null) {
            PositionReporter.logRefusal(partition);
        }
    }

    /** Returns true if every assigned partition has been opened and at least one can be read. */
    boolean isComplete() {
        return !partitions.open().isEmpty() && partitions.awaitingOpening().isEmpty();
    }
}
