package dev.sluice.worker.intake;

import org.apache.kafka.common.TopicPartition;

/**
 * One period in which this worker owns a partition, from its assignment to its revocation or loss. Compared by identity:
 * a partition that goes and comes back is another assignment, and what was fetched under the old one is stale.
 */
public final class Assignment {
    private final TopicPartition partition;

    public Assignment(TopicPartition partition) {
        this.partition = partition;
    }

    public TopicPartition partition() {
        return partition;
    }

    @Override
    public String toString() {
        return partition + "#" + Integer.toHexString(System.identityHashCode(this));
    }
}
