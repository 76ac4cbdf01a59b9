package dev.sluice.trials.chaos.history;

/**
 * Something that can keep a worker from committing what it has been answered, so that the call is repeated.
 *
 * @param worker {@link #EVERY}: all of them
 * @param from epoch milliseconds, like {@code to}
 */
public record CommitObstacle(String worker, Cause cause, long from, long to) {
    public static final String EVERY = "*";

    /** What it was. The first one that fits a repeated call is the one it is counted under. */
    public enum Cause {
        KILLED("the worker was killed"),
        FROZEN("the worker was held still"),
        CUT_OFF("the worker was cut off from its broker"),
        NO_BROKER("the broker was away"),
        REBALANCING("the group was between two generations, in which nobody can commit"),
        SLOW_DRAIN("calls did not end within the drain time"),
        LOST_PARTITIONS("the worker lost its partitions"),
        TIMED_OUT("the answer came after the call's deadline"),
        ZOMBIE("the second caller did not know that it had lost the request");

        private final String words;

        Cause(String words) {
            this.words = words;
        }

        /** Whether a worker to which this happens may go on with what is another one's by now. */
        public boolean makesZombies() {
            return this == FROZEN || this == CUT_OFF || this == NO_BROKER;
        }

        /** As it is printed. */
        public String words() {
            return words;
        }
    }

    /** Whether it explains what the worker failed to do between two times. */
    public boolean explains(String name, long start, long end) {
        return (worker.equals(EVERY) || worker.equals(name)) && from <= end && to >= start;
    }
}
