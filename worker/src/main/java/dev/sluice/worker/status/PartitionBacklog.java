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
        return new PartitionBacklog(
                range.partition().partition(),
                range.lag(),
                range.endedAhead(),
                range.atMost(),
                range.atMost() == 0,
                OptionalLong.empty());
    }
}
