package dev.sluice.trials.chaos.check;

import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.history.WorkerLife;
import java.util.ArrayList;
import java.util.List;

/** Checks that no worker ends unasked, that a terminated worker exits with 0, and that nothing is left unread. */
final class CleanEndCheck implements HistoryCheck {
    private static final int NO_BROKER_EXIT = 2;

    @Override
    public List<Violation> of(RunHistory history) {
        List<Violation> violations = new ArrayList<>();
        for (WorkerLife life : history.lives()) {
            switch (life.end()) {
                case KILLED -> {}
                case UNASKED -> {
                    if (!foundNoBroker(life, history)) {
                        violations.add(new Violation(
                                "ended by itself",
                                life.name(),
                                "exit code " + life.exitCode() + " at " + life.endedAt() + "; its log ends:\n"
                                        + life.logTail()));
                    }
                }
                case TERMINATED -> {
                    if (life.exitCode() != 0) {
                        violations.add(new Violation(
                                "exit code",
                                life.name(),
                                "ended with " + life.exitCode() + " after SIGTERM; its log ends:\n" + life.logTail()));
                    }
                }
            }
        }
        history.lag()
                .forEach((partition, lag) -> violations.add(
                        new Violation("lag", partition, lag + " before its end is the last committed offset")));
        return violations;
    }

    /** Tells whether a worker found no broker when it started. It exits with 2 then, and its supervisor restarts it. */
    private static boolean foundNoBroker(WorkerLife life, RunHistory history) {
        return life.exitCode() == NO_BROKER_EXIT
                && history.obstacles().stream()
                        .anyMatch(obstacle -> obstacle.cause() == ObstacleCause.NO_BROKER
                                && obstacle.explains(life.name(), life.startedAt(), life.endedAt()));
    }
}
