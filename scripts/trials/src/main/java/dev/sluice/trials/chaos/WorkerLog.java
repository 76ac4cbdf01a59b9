package dev.sluice.trials.chaos;

import dev.sluice.trials.WorkerProcess;
import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import dev.sluice.trials.chaos.history.WorkerLife;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The log of a worker. It is read only for cancelled calls and lost partitions, which cannot be seen from outside. It
 * is never taken as evidence that all is well.
 */
record WorkerLog(List<String> lines) {
    private static final Logger log = LoggerFactory.getLogger(WorkerLog.class);
    /** The warning about calls that are cancelled because they did not end within the drain timeout. */
    private static final Pattern LATE = Pattern.compile("\\bend(ed)? in time\\b");

    private static final Pattern LOST = Pattern.compile("partitions lost", Pattern.CASE_INSENSITIVE);
    private static final int TAIL = 30;
    /** The time from the loss of partitions to the line about it: the session is over for a while by then. */
    private static final long LOSS_MILLIS = 15_000;
    /** The time from a failed commit to the line about it. The worker retries about every tenth of a second. */
    private static final long COMMIT_MILLIS = 1_000;
    /** The time that calls had before they were cancelled. */
    private static final long DRAIN_MILLIS = 10_000;

    /** Makes the history of the process that has written this log. */
    WorkerLife life(String name, long startedAt, long endedAt, WorkerProcess.ProcessEnd end, int exitCode) {
        List<CommitObstacle> obstacles = new ArrayList<>();
        for (String line : lines) {
            if (LATE.matcher(line).find()) {
                obstacle(name, ObstacleCause.SLOW_DRAIN, line, DRAIN_MILLIS).ifPresent(obstacles::add);
            } else if (line.contains("CommitFailedException")) {
                obstacle(name, ObstacleCause.REBALANCING, line, COMMIT_MILLIS).ifPresent(obstacles::add);
            } else if (LOST.matcher(line).find()) {
                obstacle(name, ObstacleCause.LOST_PARTITIONS, line, LOSS_MILLIS).ifPresent(obstacles::add);
            }
        }
        if (end == WorkerProcess.ProcessEnd.KILLED) {
            obstacles.add(new CommitObstacle(name, ObstacleCause.KILLED, endedAt, endedAt));
        }
        String tail = String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
        return new WorkerLife(name, startedAt, endedAt, end, exitCode, obstacles, tail);
    }

    private static Optional<CommitObstacle> obstacle(String name, ObstacleCause cause, String line, long before) {
        try {
            long at = OffsetDateTime.parse(line.substring(0, line.indexOf(' ')))
                    .toInstant()
                    .toEpochMilli();
            return Optional.of(new CommitObstacle(name, cause, at - before, at));
        } catch (DateTimeParseException | StringIndexOutOfBoundsException e) {
            log.atWarn().addKeyValue("worker", name).addKeyValue("line", line).log("Log line without a time");
            return Optional.empty();
        }
    }
}
