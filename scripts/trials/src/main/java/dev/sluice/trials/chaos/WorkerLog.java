package dev.sluice.trials.chaos;

import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.Cause;
import dev.sluice.trials.chaos.history.WorkerLife;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker's log tells: only that it gave calls up or lost partitions, which nothing outside can see. Never that all
 * is well.
 */
record WorkerLog(List<String> lines) {
    private static final Logger log = LoggerFactory.getLogger(WorkerLog.class);
    private static final int TAIL = 30;
    /** A loss is noticed when the session has been over for a while. */
    private static final long LOSS_MILLIS = 15_000;
    /** It tries again every tenth of a second or so. */
    private static final long COMMIT_MILLIS = 1_000;
    /** What calls had time for before they were given up. */
    private static final long DRAIN_MILLIS = 10_000;

    static WorkerLog of(List<String> lines) {
        return new WorkerLog(lines);
    }

    WorkerLife life(String name, long startedAt, long endedAt, WorkerLife.End end, int exitCode) {
        List<CommitObstacle> incidents = new ArrayList<>();
        for (String line : lines) {
            if (line.contains("did not end in time") || line.contains("not everything ended in time")) {
                incident(name, Cause.SLOW_DRAIN, line, DRAIN_MILLIS).ifPresent(incidents::add);
            } else if (line.contains("CommitFailedException")) {
                incident(name, Cause.REBALANCING, line, COMMIT_MILLIS).ifPresent(incidents::add);
            } else if (line.contains("partitions lost")) {
                incident(name, Cause.LOST_PARTITIONS, line, LOSS_MILLIS).ifPresent(incidents::add);
            }
        }
        if (end == WorkerLife.End.KILLED) {
            incidents.add(new CommitObstacle(name, Cause.KILLED, endedAt, endedAt));
        }
        String tail = String.join("\n", lines.subList(Math.max(0, lines.size() - TAIL), lines.size()));
        return new WorkerLife(name, startedAt, endedAt, end, exitCode, incidents, tail);
    }

    private static Optional<CommitObstacle> incident(String name, Cause cause, String line, long before) {
        try {
            long at = OffsetDateTime.parse(line.substring(0, line.indexOf(' ')))
                    .toInstant()
                    .toEpochMilli();
            return Optional.of(new CommitObstacle(name, cause, at - before, at));
        } catch (DateTimeParseException | StringIndexOutOfBoundsException notATime) {
            log.atWarn().addKeyValue("worker", name).addKeyValue("line", line).log("a log line without a time");
            return Optional.empty();
        }
    }
}
