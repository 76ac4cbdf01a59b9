package dev.sluice.trials.chaos.check;

import static java.util.stream.Collectors.toMap;

import dev.sluice.trials.chaos.history.ApiCall;
import dev.sluice.trials.chaos.history.PublishedRequest;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.history.WrittenMark;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Checks that no request is called when the mark that cancels it has been there for a while, unless the worker could
 * not read it. A mark counts if it was written after its request.
 */
final class CancelledCallCheck implements HistoryCheck {
    private final CheckBounds bounds;

    CancelledCallCheck(CheckBounds bounds) {
        this.bounds = bounds;
    }

    @Override
    public List<Violation> of(RunHistory history) {
        Map<String, Long> acknowledged =
                history.published().stream().collect(toMap(PublishedRequest::id, PublishedRequest::acknowledgedAt));
        Map<String, Long> markedAt = history.marks().stream()
                .filter(mark -> acknowledged.getOrDefault(mark.id(), PublishedRequest.NEVER) <= mark.sentAt())
                .collect(toMap(WrittenMark::id, WrittenMark::acknowledgedAt, Math::min));
        List<Violation> violations = new ArrayList<>();
        for (ApiCall call : history.calls()) {
            Long known = markedAt.get(call.id());
            if (known != null && call.startedAt() - known > bounds.mark() && !wasHindered(call, history)) {
                violations.add(new Violation(
                        "called in vain",
                        call.id(),
                        "was called " + (call.startedAt() - known) + " ms after it was cancelled: " + call));
            }
        }
        return violations;
    }

    private boolean wasHindered(ApiCall call, RunHistory history) {
        return history.obstacles().stream()
                .filter(one -> one.cause().makesZombies())
                .anyMatch(one -> one.explains(call.worker(), call.startedAt() - bounds.mark(), call.startedAt()));
    }
}
