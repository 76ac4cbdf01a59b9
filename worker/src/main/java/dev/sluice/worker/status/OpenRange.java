package dev.sluice.worker.status;

import dev.sluice.worker.settle.AckRuns;
import org.apache.kafka.common.TopicPartition;

/**
 * The open offsets of one partition. These are all offsets from {@code start} to {@code end} without the ones that are
 * done. Immutable.
 *
 * @param start the first offset that is neither committed nor deleted by retention
 * @param end the end of the partition, exclusive
 * @param done the offsets whose requests have ended out of order
 */
record OpenRange(TopicPartition partition, long start, long end, AckRuns done) {
    OpenRange {
        end = Math.max(start, end);
    }

    /** Returns the number of offsets that are not committed. Kafka's own tools call it the lag. */
    long lag() {
        return end - start;
    }

    long endedAhead() {
        return done.count(start, end);
    }

    /**
     * Returns an upper bound of the open records. Transaction markers have offsets too, and only reading all records
     * would tell how many there are.
     */
    long atMost() {
        return lag() - endedAhead();
    }

    boolean isOpen(long offset) {
        return offset >= start && offset < end && !done.contains(offset);
    }
}
