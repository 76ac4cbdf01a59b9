package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reports the consumer's positions to the ledger. Only the consumer knows them, since offsets have gaps such as
 * transaction markers and deleted records. Owned by the poll thread.
 */
final class PositionReporter {
    private static final Logger log = LoggerFactory.getLogger(PositionReporter.class);

    private final Consumer<byte[], byte[]> consumer;
    private final OwnedPartitions partitions;
    private final OffsetLedger ledger;

    PositionReporter(Consumer<byte[], byte[]> consumer, OwnedPartitions partitions, OffsetLedger ledger) {
        this.consumer = consumer;
        this.partitions = partitions;
        this.ledger = ledger;
    }

    void report() {
        for (OwnedPartition partition : partitions.open()) {
            long reached = reached(partition.partition()).orElse(partition.position());
            if (refuseIfTruncated(partition, reached)) {
                continue;
            }
            partition.position(reached);
            if (partition.hasAdvanced()) {
                ledger.reached(partition.assignment(), partition.position());
            }
        }
    }

    /** Returns the position, or empty while the consumer checks that its position is still valid. */
    private Optional<Long> reached(TopicPartition partition) {
        try {
            return Optional.of(consumer.position(partition, Duration.ZERO));
        } catch (TimeoutException e) {
            return Optional.empty();
        }
    }

    /**
     * Refuses a partition whose log has become shorter than what was read of it. Nobody can tell which of its records
     * are new. Reading on from either offset would lose requests or end some of them twice.
     *
     * @return true if the partition is refused
     */
    boolean refuseIfTruncated(OwnedPartition partition, long reached) {
        if (reached >= partition.position()) {
            return false;
        }
        partition.refuse("Kafka has lost records that were read already: it goes on at offset " + reached
                + ", read was up to " + partition.position()
                + " (a replica that was behind has become the leader?). Stop the group's workers, "
                + "choose where to go on, and set it: kafka-consumer-groups --reset-offsets");
        logRefusal(partition);
        return true;
    }

    static void logRefusal(OwnedPartition partition) {
        log.atError()
                .addKeyValue("partition", partition.partition())
                .addKeyValue("reason", partition.refusal())
                .log("Partition refused");
    }
}
