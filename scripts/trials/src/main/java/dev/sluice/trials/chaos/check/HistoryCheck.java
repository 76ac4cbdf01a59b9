package dev.sluice.trials.chaos.check;

import dev.sluice.trials.chaos.history.RunHistory;
import java.util.List;

/** A rule that every history must follow. */
@FunctionalInterface
public interface HistoryCheck {
    /** Returns the violations of this rule. */
    List<Violation> of(RunHistory history);

    /** Returns the violations of all rules. */
    static List<Violation> all(RunHistory history, CheckBounds bounds) {
        List<HistoryCheck> checks = List.of(
                new SingleEndingCheck(),
                new ExpectedEndingCheck(),
                new NeedlessCallCheck(bounds),
                new CostlyCallCheck(bounds),
                new CancelledCallCheck(bounds),
                new NotBeforeCheck(),
                new ProgressCheck(bounds),
                new MovedCheck(),
                new CleanEndCheck());
        return checks.stream().flatMap(check -> check.of(history).stream()).toList();
    }
}
