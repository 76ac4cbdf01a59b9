package dev.sluice.trials.chaos;

import static java.util.stream.Collectors.counting;
import static java.util.stream.Collectors.groupingBy;

import dev.sluice.trials.chaos.DoorTry.TryEnd;
import dev.sluice.trials.chaos.check.CheckBounds;
import dev.sluice.trials.chaos.check.NeedlessCallCheck;
import dev.sluice.trials.chaos.check.Violation;
import dev.sluice.trials.chaos.history.ObservedEnding;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The rules that clients of HTTP doors may rely on, whatever is struck. Every request ends with its own answer. No
 * client waits for longer than it has said. A call is repeated only if its worker could not commit its answer, or if an
 * earlier try has left a request on the queue. Each request on the queue ends once. A stream shows the whole answer, or
 * its beginning and an error. A door that is stopped answers what waits.
 */
final class DoorCheck {
    private final DoorHistory history;
    private final List<Violation> violations = new ArrayList<>();

    private DoorCheck(DoorHistory history) {
        this.history = history;
    }

    /** Returns the violations of all rules. */
    static List<Violation> of(DoorHistory history) {
        DoorCheck check = new DoorCheck(history);
        check.endings(history.tries());
        check.endings(history.drained());
        check.queue();
        check.calls();
        check.doors();
        return check.violations;
    }

    private void endings(Map<String, List<DoorTry>> all) {
        all.forEach((id, tries) -> {
            if (tries.isEmpty() || !tries.get(tries.size() - 1).isGood(id)) {
                violations.add(new Violation("no answer", id, tries.toString()));
            }
            if (tries.stream().anyMatch(one -> one.end() == TryEnd.TIMED_OUT)) {
                violations.add(new Violation("hung", id, tries.toString()));
            }
            tries.forEach(one -> stream(id, one));
        });
    }

    private void stream(String id, DoorTry one) {
        if (one.status() == 200 && StreamedEcho.isStream(one.text())) {
            String flaw = StreamedEcho.flaw(id, one.text());
            if (!flaw.isEmpty()) {
                violations.add(new Violation("wrong stream", id, flaw + "; " + one));
            }
        }
    }

    /** Checks what the queue has of each try: the doors' clients see one reply, even if there are two. */
    private void queue() {
        Map<String, Long> replies = history.behind().endings().stream()
                .filter(ending -> !ending.isDead())
                .collect(groupingBy(ObservedEnding::id, counting()));
        for (String id : history.queued()) {
            long count = replies.getOrDefault(id, 0L);
            if (count != 1) {
                violations.add(new Violation(count == 0 ? "lost" : "doubled", id, count + " replies"));
            }
        }
    }

    private void calls() {
        Map<String, Long> repeated = new NeedlessCallCheck(CheckBounds.DEFAULT)
                .of(history.behind()).stream().collect(groupingBy(Violation::subject, counting()));
        history.tries().forEach((id, tries) -> {
            long unexplained = repeated.getOrDefault(id, 0L);
            if (unexplained > requestsLeftBehind(tries)) {
                violations.add(
                        new Violation("needless call", id, unexplained + " calls repeated without a reason; " + tries));
            }
        });
    }

    /** Counts the tries that may have left a request on the queue which no later try could join. */
    static int requestsLeftBehind(List<DoorTry> tries) {
        int left = 0;
        for (int i = 0; i + 1 < tries.size(); i++) {
            boolean isJoined = tries.get(i).end() == TryEnd.LEFT
                    && tries.get(i + 1).door().equals(tries.get(i).door());
            left += tries.get(i).mayHaveLeftARequest() && !isJoined ? 1 : 0;
        }
        return left;
    }

    private void doors() {
        history.crashed().forEach(door -> violations.add(new Violation("ended by itself", door, "see its log")));
        history.drained().forEach((id, tries) -> {
            if (tries.size() != 1) {
                violations.add(new Violation("lost in a drain", id, tries.toString()));
            }
        });
        if (history.exitCode() != 0) {
            violations.add(new Violation("drain", "door", "exit code " + history.exitCode()));
        }
    }
}
