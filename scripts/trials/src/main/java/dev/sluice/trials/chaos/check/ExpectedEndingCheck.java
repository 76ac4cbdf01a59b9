package dev.sluice.trials.chaos.check;

import static java.util.stream.Collectors.toMap;

import dev.sluice.trials.chaos.history.ApiCall;
import dev.sluice.trials.chaos.history.ObservedEnding;
import dev.sluice.trials.chaos.history.PublishedRequest;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.plan.PlannedRequest;
import dev.sluice.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Checks that each request ends as its kind must or as cancelled, with its own answer. No needless request is called.
 */
final class ExpectedEndingCheck implements HistoryCheck {
    private static final String ECHO = "You said: ";

    @Override
    public List<Violation> of(RunHistory history) {
        Map<String, PlannedRequest> requests = history.published().stream()
                .map(PublishedRequest::request)
                .collect(toMap(PlannedRequest::id, Function.identity()));
        List<Violation> violations = new ArrayList<>();
        for (ObservedEnding ending : history.endings()) {
            PlannedRequest request = requests.get(ending.id());
            if (request != null && !ending.isDead()) {
                judge(request, ending, violations);
            }
        }
        for (ApiCall call : history.calls()) {
            PlannedRequest request = requests.get(call.id());
            if (request == null || !request.kind().isCalled()) {
                violations.add(new Violation("called", call.id(), "must not be called: " + request + ", " + call));
            }
        }
        return violations;
    }

    private static void judge(PlannedRequest request, ObservedEnding ending, List<Violation> violations) {
        String problem = problem(request, ending);
        if (problem != null) {
            violations.add(
                    new Violation("wrong ending", request.id(), problem + ": " + request.kind() + ", " + ending));
        }
    }

    private static @Nullable String problem(PlannedRequest request, ObservedEnding ending) {
        if (ending.isCancelled()) {
            return request.isCancelled() ? null : "was never cancelled";
        }
        String reason = request.kind().reason().map(Reason::word).orElse("");
        if (ending.isOk() != reason.isEmpty()) {
            return reason.isEmpty() ? "should have been answered" : "should have failed as " + reason;
        }
        if (!ending.reason().equals(reason)) {
            return "should have failed as " + reason;
        }
        return ending.isOk() && !ending.answer().equals(ECHO + request.text()) ? "has another one's answer" : null;
    }
}
