package dev.sluice.trials.chaos.check;

import dev.sluice.trials.chaos.history.RunHistory;
import java.util.List;

/** One thing that has to be true of every history. */
@FunctionalInterface
public interface HistoryCheck {
    List<Violation> of(RunHistory history);

    /** All checks there are. */
    static List<Violation> all(RunHistory history, SilenceBounds bounds) {
        List<HistoryCheck> checks = List.of(
                new OneEnding(),
                new ExpectedEnding(),
                new NeedlessCalls(bounds),
                new NotBefore(),
                new SteadyFlow(bounds),
                new CleanEnd());
        return checks.stream().flatMap(check -> check.of(history).stream()).toList();
    }
}
