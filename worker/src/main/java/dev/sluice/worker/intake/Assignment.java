package dev.sluice.worker.intake;

import org.apache.kafka.common.TopicPartition;

/**
 * A period in which this worker owns a partition, from its assignment to its revocation or loss.
 *
 * <p>Assignments are compared by identity. A partition that goes and comes back has another assignment, and records
 * fetched under the old one are stale.
 */
public final class Assignment {
    private final TopicPartition partition;
    private final TrafficClass trafficClass;

    public Assignment(TopicPartition partition) {
        this.partition = partition;
        this.trafficClass = TrafficClass.of(partition.topic());
    }

    public TopicPartition partition() {
        return partition;
    }

    /** Returns the class of its records, which have a read-ahead of their own. */
    public TrafficClass trafficClass() {
        return trafficClass;
    }

    @Override
    public String toString() {
        return partition + "#" + Integer.toHexString(System.identityHashCode(this));
    }
}
