package dev.sluice.trials.chaos.history;

import dev.sluice.trials.WorkerProcess;
import java.util.List;

/**
 * One process of a worker, from its start to its end.
 *
 * @param name for example {@code w3-2}: the second process in the third slot
 * @param startedAt epoch milliseconds, like {@code endedAt}
 * @param exitCode above 128 if a signal ended it
 * @param obstacles what its log says about lost partitions and cancelled calls
 * @param logTail its last lines
 */
public record WorkerLife(
        String name,
        long startedAt,
        long endedAt,
        WorkerProcess.ProcessEnd end,
        int exitCode,
        List<CommitObstacle> obstacles,
        String logTail) {
    public WorkerLife {
        obstacles = List.copyOf(obstacles);
    }
}
