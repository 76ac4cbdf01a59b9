package dev.sluice.trials.chaos.history;

/**
 * An event that can keep a worker from committing the answer to a call, so that the call is repeated.
 *
 * @param worker the name of the worker; {@link #EVERY} for all of them
 * @param from epoch milliseconds, like {@code to}
 */
public record CommitObstacle(String worker, ObstacleCause cause, long from, long to) {
    public static final String EVERY = "*";

    /** The cause of a repeated call. A call with several causes is counted under the first of them. */
    public enum ObstacleCause {
        KILLED("the worker was killed"),
        FROZEN("the worker was frozen"),
        CUT_OFF("the worker was cut off from its broker"),
        NO_BROKER("the broker was away"),
        REBALANCING("the group was between two generations, in which nobody can commit"),
        SLOW_DRAIN("calls did not end within the drain time"),
        LOST_PARTITIONS("the worker lost its partitions"),
        TIMED_OUT("the answer came after the call's deadline"),
        ZOMBIE("the second caller did not know that it had lost the request");

        private final String words;

        ObstacleCause(String words) {
            this.words = words;
        }

        /** Tells whether the worker may go on with requests that another worker owns by now. */
        public boolean makesZombies() {
            return this == FROZEN || this == CUT_OFF || this == NO_BROKER;
        }

        /** Returns its words as they are printed. */
        public String words() {
            return words;
        }
    }

    /** Tells whether it explains what the worker failed to do between two times. */
    public boolean explains(String name, long start, long end) {
        return (worker.equals(EVERY) || worker.equals(name)) && from <= end && to >= start;
    }
}
