package dev.sluice.trials.chaos.check;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toMap;

import dev.sluice.trials.chaos.history.PublishedRequest;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.history.SeenEnding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Every acknowledged request has one reply, and one dead letter with the same reason exactly where it failed. */
final class OneEnding implements HistoryCheck {
    @Override
    public List<Violation> of(RunHistory history) {
        Map<String, List<SeenEnding>> replies = byId(history, false);
        Map<String, List<SeenEnding>> dead = byId(history, true);
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
        for (SeenEnding ending : history.endings()) {
            if (!published.containsKey(ending.id())) {
                violations.add(new Violation("foreign", ending.id(), ending + " was never published"));
            }
        }
        return violations;
    }

    private static Map<String, List<SeenEnding>> byId(RunHistory history, boolean dead) {
        return history.endings().stream()
                .filter(ending -> ending.isDead() == dead)
                .collect(groupingBy(SeenEnding::id));
    }

    private static void judge(
            PublishedRequest request, List<SeenEnding> replies, List<SeenEnding> dead, List<Violation> violations) {
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
        long failed = replies.stream().filter(reply -> !reply.isOk()).count();
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

    private static List<String> reasons(List<SeenEnding> endings) {
        return endings.stream()
                .filter(ending -> !ending.isOk())
                .map(SeenEnding::reason)
                .toList();
    }
}
