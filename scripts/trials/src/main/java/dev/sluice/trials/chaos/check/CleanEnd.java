package dev.sluice.trials.chaos.check;

import dev.sluice.trials.chaos.history.CommitObstacle.Cause;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.history.WorkerLife;
import java.util.ArrayList;
import java.util.List;

/** No worker ends unasked, each that is asked to exits with 0, and nothing is left unread. */
final class CleanEnd implements HistoryCheck {
    private static final int REFUSED = 2;

    @Override
    public List<Violation> of(RunHistory history) {
        List<Violation> violations = new ArrayList<>();
        for (WorkerLife life : history.lives()) {
            switch (life.end()) {
                case KILLED -> {}
                case ITSELF -> {
                    if (!refusedToStart(life, history)) {
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

    /** A worker that finds no broker when it starts says so and exits with 2; whoever started it tries again. */
    private static boolean refusedToStart(WorkerLife life, RunHistory history) {
        return life.exitCode() == REFUSED
                && history.incidents().stream()
                        .anyMatch(incident -> incident.cause() == Cause.NO_BROKER
                                && incident.explains(life.name(), life.startedAt(), life.endedAt()));
    }
}
