package dev.sluice.trials.chaos.check;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.plan.PlannedRequest;
import java.util.List;

/**
 * Checks that some requests have moved to the overflow topic if a burst of one tenant is as large as the read-ahead of
 * a worker. Otherwise the run would say nothing about moving.
 */
final class MovedCheck implements HistoryCheck {
    /** A burst is what one tenant publishes to a partition at one time. */
    private record Burst(String tenant, String place, long atMillis) {
        static Burst of(PlannedRequest request) {
            return new Burst(request.tenant(), request.place(), request.atMillis());
        }
    }

    @Override
    public List<Violation> of(RunHistory history) {
        long largest = history.published().stream()
                .map(published -> published.request())
                .collect(groupingBy(Burst::of, counting()))
                .values()
                .stream()
                .mapToLong(size -> size)
                .max()
                .orElse(0);
        if (largest < CheckBounds.READ_AHEAD || !history.moved().isEmpty()) {
            return List.of();
        }
        return List.of(new Violation(
                "nothing moved", "overflow", "no request has moved although a burst had " + largest + " of them"));
    }
}
