package dev.sluice.trials.chaos.check;

import dev.sluice.trials.chaos.history.History;
import java.util.List;

/** One thing that has to be true of every history. */
@FunctionalInterface
public interface Check {
    List<Violation> of(History history);

    /** All checks there are. */
    static List<Violation> all(History history, Bounds bounds) {
        List<Check> checks = List.of(
                new OneEnding(),
                new ExpectedEnding(),
                new NeedlessCalls(bounds),
                new NotBefore(),
                new Flow(bounds),
                new CleanEnd());
        return checks.stream().flatMap(check -> check.of(history).stream()).toList();
    }
}
