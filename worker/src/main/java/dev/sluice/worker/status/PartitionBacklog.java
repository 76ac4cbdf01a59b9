package dev.sluice.worker.status;

import java.util.OptionalLong;

/**
 * The open requests or dead letters of one partition.
 *
 * @param lag the number of offsets that are not committed
 * @param endedAhead the number of these whose requests have ended out of order
 * @param open the number of requests that have not ended
 * @param exact false if {@code open} is only an upper bound
 * @param oldest the epoch milliseconds since when the oldest waits. Empty if none waits or it could not be read.
 */
public record PartitionBacklog(
        int partition, long lag, long endedAhead, long open, boolean exact, OptionalLong oldest) {
    /** Returns what the offsets alone tell. */
    static PartitionBacklog unread(OpenRange range) {
        return range.atMost() == 0 ? counted(range, 0, OptionalLong.empty()) : uncounted(range, OptionalLong.empty());
    }

    /** Returns the backlog of a partition whose open records were counted. */
    static PartitionBacklog counted(OpenRange range, long open, OptionalLong oldest) {
        return new PartitionBacklog(range.partition().partition(), range.lag(), range.endedAhead(), open, true, oldest);
    }

    /** Returns the backlog of a partition of which only the oldest record is known, or nothing. */
    static PartitionBacklog uncounted(OpenRange range, OptionalLong oldest) {
        return new PartitionBacklog(
                range.partition().partition(), range.lag(), range.endedAhead(), range.atMost(), false, oldest);
    }
}
