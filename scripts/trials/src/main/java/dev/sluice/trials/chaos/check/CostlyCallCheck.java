package dev.sluice.trials.chaos.check;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import dev.sluice.trials.chaos.history.ApiCall;
import dev.sluice.trials.chaos.history.RunHistory;
import java.util.List;

/** Checks that no request is paid for again and again. */
final class CostlyCallCheck implements HistoryCheck {
    private final CheckBounds bounds;

    CostlyCallCheck(CheckBounds bounds) {
        this.bounds = bounds;
    }

    @Override
    public List<Violation> of(RunHistory history) {
        return history.calls().stream()
                .filter(ApiCall::mayHaveCost)
                .collect(groupingBy(ApiCall::id, counting()))
                .entrySet()
                .stream()
                .filter(calls -> calls.getValue() > bounds.costlyCalls())
                .map(calls -> new Violation(
                        "costly calls", calls.getKey(), calls.getValue() + " calls of it may have been paid for"))
                .toList();
    }
}
