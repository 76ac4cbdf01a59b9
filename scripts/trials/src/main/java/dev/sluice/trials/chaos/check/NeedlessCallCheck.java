package dev.sluice.trials.chaos.check;

import static java.util.stream.Collectors.groupingBy;

import dev.sluice.trials.chaos.history.ApiCall;
import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.CommitObstacle.ObstacleCause;
import dev.sluice.trials.chaos.history.RunHistory;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Checks that a request with a final answer is called again only for a reason. Either the worker that got the answer
 * could not commit it, because of an obstacle between the start of the call and a short time after its end. Or the
 * worker that calls again is a zombie, which does not know yet that it has lost the request to another worker.
 */
public final class NeedlessCallCheck implements HistoryCheck {
    private final CheckBounds bounds;

    public NeedlessCallCheck(CheckBounds bounds) {
        this.bounds = bounds;
    }

    @Override
    public List<Violation> of(RunHistory history) {
        List<Violation> violations = new ArrayList<>();
        repeated(history).forEach((call, next) -> {
            if (cause(call, next, history).isEmpty()) {
                violations.add(new Violation(
                        "needless call",
                        call.id(),
                        call + " had the final answer and nothing kept " + call.worker()
                                + " from committing it, but there followed " + next + " of a worker that knew better"));
            }
        });
        return violations;
    }

    /** Counts the repeated calls by their causes. */
    public Map<ObstacleCause, Integer> causes(RunHistory history) {
        Map<ObstacleCause, Integer> causes = new EnumMap<>(ObstacleCause.class);
        repeated(history)
                .forEach((call, next) ->
                        cause(call, next, history).ifPresent(cause -> causes.merge(cause, 1, Integer::sum)));
        return causes;
    }

    /** Returns each call with a final answer that was followed by another call, and the call that followed. */
    private static Map<ApiCall, ApiCall> repeated(RunHistory history) {
        Map<ApiCall, ApiCall> repeated = new LinkedHashMap<>();
        history.calls().stream().collect(groupingBy(ApiCall::id)).values().forEach(calls -> {
            for (int i = 0; i + 1 < calls.size(); i++) {
                if (calls.get(i).isFinal()) {
                    repeated.put(calls.get(i), calls.get(i + 1));
                }
            }
        });
        return repeated;
    }

    private Optional<ObstacleCause> cause(ApiCall call, ApiCall next, RunHistory history) {
        Optional<ObstacleCause> obstacle = history.obstacles().stream()
                .filter(one -> one.explains(call.worker(), call.startedAt(), call.endedAt() + bounds.commit()))
                .map(CommitObstacle::cause)
                .min(ObstacleCause::compareTo);
        if (obstacle.isPresent()) {
            return obstacle;
        }
        if (call.endedAt() - call.startedAt() >= bounds.callTimeout()) {
            return Optional.of(ObstacleCause.TIMED_OUT);
        }
        return isZombie(next, history) ? Optional.of(ObstacleCause.ZOMBIE) : Optional.empty();
    }

    private static boolean isZombie(ApiCall next, RunHistory history) {
        return history.obstacles().stream()
                .anyMatch(one ->
                        one.cause().makesZombies() && one.explains(next.worker(), next.startedAt(), next.startedAt()));
    }
}
