package dev.sluice.trials.chaos.check;

/**
 * The bounds of the checks, in milliseconds.
 *
 * @param stall the longest time in which requests are due and none of them ends
 * @param partitionStall the same for a single partition
 * @param commit the time from the end of a call to the commit of its outcome, if nothing is wrong
 * @param mark the time in which every worker knows a mark that Kafka has, if nothing is wrong
 * @param callTimeout the workers' call timeout
 * @param costlyCalls the most calls of one request that may have been paid for, three times the most attempts
 */
public record CheckBounds(long stall, long partitionStall, long commit, long mark, long callTimeout, int costlyCalls) {
    /** The workers' read-ahead. A burst of one tenant that is as large does not fit into the part that it may have. */
    public static final int READ_AHEAD = 200;

    /**
     * The bounds for the faults of {@link dev.sluice.trials.chaos.plan.FaultKind}.
     *
     * <p>The stall of all partitions adds up with the most unlucky timing: 7 s without a broker, 5 s until it is
     * back, a worker's session of 10 s, a dead worker's transaction of 10 s, and a rebalance that waits 6 s for calls
     * to drain. That makes 40 s. A busy machine may take half as much again.
     *
     * <p>The owner of a single partition can be struck by several faults in a row before it has recovered. Two of them
     * in full and the beginning of a third make 90 s.
     */
    public static final CheckBounds DEFAULT = new CheckBounds(60_000, 90_000, 3_000, 3_000, 10_000, 18);
}
