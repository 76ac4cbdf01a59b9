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
    private final Room room;

    public Assignment(TopicPartition partition) {
        this.partition = partition;
        this.room = Room.of(partition.topic());
    }

    public TopicPartition partition() {
        return partition;
    }

    /** Returns the part of the read-ahead that its records take. */
    public Room room() {
        return room;
    }

    @Override
    public String toString() {
        return partition + "#" + Integer.toHexString(System.identityHashCode(this));
    }
}
