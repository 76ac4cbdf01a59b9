package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.Optional;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the ledger how far the consumer has got. Offsets have gaps (transaction markers, deleted records), so that only the
 * consumer knows. Owned by the poll thread.
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
            if (isCutShort(partition, reached)) {
                continue;
            }
            partition.position(reached);
            if (partition.hasNews()) {
                ledger.reached(partition.assignment(), partition.position());
            }
        }
    }

    /** Empty while the consumer is finding out whether its position is still valid. */
    private Optional<Long> reached(TopicPartition partition) {
        try {
            return Optional.of(consumer.position(partition, Duration.ZERO));
        } catch (TimeoutException unknown) {
            return Optional.empty();
        }
    }

    /**
     * Whether Kafka goes back behind what was read: its log is shorter than it was, and which records are new ones nobody
     * can tell. To read on from either place would lose requests or end some twice.
     */
    boolean isCutShort(OwnedPartition partition, long reached) {
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
                .log("partition is not read");
    }
}
