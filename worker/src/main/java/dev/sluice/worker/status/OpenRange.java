package dev.sluice.worker.status;

import dev.sluice.worker.settle.AckRuns;
import org.apache.kafka.common.TopicPartition;

/**
 * What is open in one partition, as offsets tell it: everything from {@code start} up to {@code end}, save what is done.
 * Immutable.
 *
 * @param start inclusive, of what is left of the partition
 * @param end exclusive
 * @param done what has ended out of order
 */
record OpenRange(TopicPartition partition, long start, long end, AckRuns done) {
    OpenRange {
        end = Math.max(start, end);
    }

    /** Offsets not committed: what Kafka's own tools call the lag. */
    long lag() {
        return end - start;
    }

    long endedAhead() {
        return done.count(start, end);
    }

    /**
     * The most records there can be: the markers of transactions have offsets too, and no more than that is known without
     * reading them all.
     */
    long atMost() {
        return lag() - endedAhead();
    }

    boolean isOpen(long offset) {
        return offset >= start && offset < end && !done.contains(offset);
    }
}
