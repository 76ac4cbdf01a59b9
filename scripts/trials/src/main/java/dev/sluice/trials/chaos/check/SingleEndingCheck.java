package dev.sluice.trials.chaos.check;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;

import dev.sluice.trials.chaos.history.ObservedEnding;
import dev.sluice.trials.chaos.history.PublishedRequest;
import dev.sluice.trials.chaos.history.RunHistory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Checks that every acknowledged request has one reply, and one dead letter with the same reason if it failed. What was
 * cancelled has no dead letter.
 */
final class SingleEndingCheck implements HistoryCheck {
    @Override
    public List<Violation> of(RunHistory history) {
        Map<String, List<ObservedEnding>> replies = byId(history, false);
        Map<String, List<ObservedEnding>> dead = byId(history, true);
        Map<String, PublishedRequest> published =
                history.published().stream().collect(toMap(PublishedRequest::id, Function.identity()));
        List<Violation> violations = new ArrayList<>();
        for (PublishedRequest request : history.published()) {
            judge(
                    request,
                    replies.getOrDefault(request.id(), List.of()),
                    dead.getOrDefault(request.id(), List.of()),
                    violations);
        }
        for (ObservedEnding ending : history.endings()) {
            if (!published.containsKey(ending.id())) {
                violations.add(new Violation("foreign", ending.id(), ending + " was never published"));
            }
        }
        return violations;
    }

    private static Map<String, List<ObservedEnding>> byId(RunHistory history, boolean dead) {
        return history.endings().stream()
                .filter(ending -> ending.isDead() == dead)
                .collect(groupingBy(ObservedEnding::id));
    }

    private static void judge(
            PublishedRequest request,
            List<ObservedEnding> replies,
            List<ObservedEnding> dead,
            List<Violation> violations) {
        if (replies.isEmpty() && dead.isEmpty()) {
            if (request.isAcknowledged()) {
                violations.add(new Violation("lost", request.id(), "has no ending: " + request));
            }
            return;
        }
        if (replies.size() != 1) {
            violations.add(new Violation(
                    replies.isEmpty() ? "no reply" : "doubled",
                    request.id(),
                    "has " + replies.size() + " replies: " + replies));
        }
        long failed = replies.stream()
                .filter(reply -> !reply.isOk() && !reply.isCancelled())
                .count();
        if (dead.size() != (failed > 0 ? 1 : 0)) {
            violations.add(new Violation(
                    "dead letters",
                    request.id(),
                    "has " + failed + " failed replies and " + dead.size() + " dead letters: " + dead));
        } else if (failed == 1 && !reasons(replies).equals(reasons(dead))) {
            violations.add(new Violation(
                    "reasons differ", request.id(), "reply " + reasons(replies) + ", dead letter " + reasons(dead)));
        }
    }

    private static List<String> reasons(List<ObservedEnding> endings) {
        return endings.stream()
                .filter(ending -> !ending.isOk())
                .map(ObservedEnding::reason)
                .toList();
    }
}
