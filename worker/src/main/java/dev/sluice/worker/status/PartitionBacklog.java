package dev.sluice.worker.status;

import java.util.OptionalLong;

/**
 * The requests, or dead letters, of one partition that wait.
 *
 * @param lag offsets not committed
 * @param endedAhead how many of those have ended out of order
 * @param open how many have not ended
 * @param exact whether there are as many as that, not fewer
 * @param oldest epoch milliseconds since when the oldest waits; empty where none does, or it could not be read
 */
public record PartitionBacklog(
        int partition, long lag, long endedAhead, long open, boolean exact, OptionalLong oldest) {
    /** What is known of it without having read it. */
    static PartitionBacklog unread(OpenRange span) {
        return new PartitionBacklog(
                span.partition().partition(),
                span.lag(),
                span.endedAhead(),
                span.atMost(),
                span.atMost() == 0,
                OptionalLong.empty());
    }
}
