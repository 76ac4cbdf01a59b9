package dev.sluice.trials.chaos.history;

import java.util.List;

/**
 * One process of a worker, from its start to its end.
 *
 * @param name such as {@code w3-2}: the second life in the third place
 * @param startedAt epoch milliseconds, like {@code endedAt}
 * @param exitCode above 128: by a signal
 * @param incidents what its log says of partitions lost and calls given up
 * @param logTail its last lines
 */
public record WorkerLife(
        String name,
        long startedAt,
        long endedAt,
        End end,
        int exitCode,
        List<CommitObstacle> incidents,
        String logTail) {
    /** Who ended it. */
    public enum End {
        KILLED,
        TERMINATED,
        /** Nobody asked it to. */
        ITSELF
    }

    public WorkerLife {
        incidents = List.copyOf(incidents);
    }
}
