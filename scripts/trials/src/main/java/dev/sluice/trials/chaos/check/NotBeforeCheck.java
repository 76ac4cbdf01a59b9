package dev.sluice.trials.chaos.check;

import static java.util.stream.Collectors.toMap;

import dev.sluice.trials.chaos.history.ApiCall;
import dev.sluice.trials.chaos.history.PublishedRequest;
import dev.sluice.trials.chaos.history.RunHistory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Checks that no request is called before its time. All processes share the clock of this machine. */
final class NotBeforeCheck implements HistoryCheck {
    private static final long TOLERANCE_MILLIS = 5;

    @Override
    public List<Violation> of(RunHistory history) {
        Map<String, Long> notBefore =
                history.published().stream().collect(toMap(PublishedRequest::id, PublishedRequest::notBefore));
        List<Violation> violations = new ArrayList<>();
        for (ApiCall call : history.calls()) {
            long early = notBefore.getOrDefault(call.id(), 0L) - call.startedAt();
            if (early > TOLERANCE_MILLIS) {
                violations.add(new Violation("too early", call.id(), "was called " + early + " ms early: " + call));
            }
        }
        return violations;
    }
}
