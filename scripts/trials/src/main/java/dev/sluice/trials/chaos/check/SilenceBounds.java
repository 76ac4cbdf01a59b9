package dev.sluice.trials.chaos.check;

/**
 * How long things may take, in milliseconds.
 *
 * @param silence longest time in which requests are due and none at all ends
 * @param partitionSilence the same for a single partition
 * @param commit how long after a call's end its outcome is committed, if nothing is wrong
 * @param callTimeout the workers' deadline of a call
 */
public record SilenceBounds(long silence, long partitionSilence, long commit, long callTimeout) {
    /**
     * Overall: a broker that is away for 7 s and back after 5 s more, then a worker's session of 10 s, then a dead
     * worker's transaction of 10 s, and one rebalance in between that waits 6 s for calls to drain: 40 s with the most
     * unlucky timing, and half as much again for a busy machine.
     *
     * <p>A single partition can have several such faults in a row strike just its owner, each before it got over the last
     * one; two in full and the beginning of a third make 90 s.
     */
    public static final SilenceBounds DEFAULT = new SilenceBounds(60_000, 90_000, 3_000, 10_000);
}
