package dev.sluice.trials.chaos.check;

import dev.sluice.trials.WorkerProcess;
import dev.sluice.trials.chaos.history.ApiCall;
import dev.sluice.trials.chaos.history.CommitObstacle;
import dev.sluice.trials.chaos.history.ObservedEnding;
import dev.sluice.trials.chaos.history.PublishedRequest;
import dev.sluice.trials.chaos.history.RunHistory;
import dev.sluice.trials.chaos.history.WorkerLife;
import dev.sluice.trials.chaos.history.WrittenMark;
import dev.sluice.trials.chaos.plan.PlannedRequest;
import dev.sluice.trials.chaos.plan.RequestKind;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Builds a history by hand. Times are milliseconds from an arbitrary start. Nothing is added unasked. */
final class TestHistory {
    private final List<PublishedRequest> published = new ArrayList<>();
    private final List<ApiCall> calls = new ArrayList<>();
    private final List<ObservedEnding> endings = new ArrayList<>();
    private final List<WorkerLife> lives = new ArrayList<>();
    private final List<CommitObstacle> obstacles = new ArrayList<>();
    private final Map<String, Long> lag = new HashMap<>();
    private final Map<String, Integer> moved = new HashMap<>();
    private final List<WrittenMark> marks = new ArrayList<>();
    private long endedAt = 1_000_000;

    TestHistory published(String id, RequestKind kind, long at) {
        return published(id, kind, 0, at, 0);
    }

    TestHistory published(String id, RequestKind kind, int partition, long at, long notBefore) {
        PlannedRequest request = request(id, kind, false, partition, at);
        published.add(new PublishedRequest(request, at, notBefore, at));
        return this;
    }

    TestHistory publishedExpress(String id, int partition, long at) {
        PlannedRequest request = request(id, RequestKind.PLAIN, true, partition, at);
        published.add(new PublishedRequest(request, at, 0, at));
        return this;
    }

    TestHistory unacknowledged(String id) {
        PlannedRequest request = request(id, RequestKind.PLAIN, false, 0, 0);
        published.add(new PublishedRequest(request, 0, 0, PublishedRequest.NEVER));
        return this;
    }

    private static PlannedRequest request(String id, RequestKind kind, boolean express, int partition, long at) {
        return new PlannedRequest(id, kind, express, "", partition, at, 0, PlannedRequest.NEVER, id, "{}");
    }

    /** Adds a request that is published at one time and cancelled at another. */
    TestHistory cancelled(String id, long at, long cancelledAt) {
        PlannedRequest request =
                new PlannedRequest(id, RequestKind.PLAIN, false, "", 0, at, 0, cancelledAt - at, id, "{}");
        published.add(new PublishedRequest(request, at, 0, at));
        marks.add(new WrittenMark(id, cancelledAt, cancelledAt));
        return this;
    }

    TestHistory call(String id, String worker, long from, long to, int status) {
        calls.add(new ApiCall(id, worker, from, to, status, true));
        return this;
    }

    TestHistory cutCall(String id, String worker, long from, long to) {
        calls.add(new ApiCall(id, worker, from, to, 200, false));
        return this;
    }

    TestHistory ok(String id, long at) {
        return reply(id, "ok", "", "You said: " + id, at);
    }

    TestHistory failed(String id, String reason, long at) {
        return reply(id, "failed", reason, "", at);
    }

    TestHistory reply(String id, String status, String reason, String answer, long at) {
        endings.add(new ObservedEnding(
                new ObservedEnding.Position(false, 0, endings.size()), id, status, reason, answer, at));
        return this;
    }

    TestHistory dead(String id, String reason, long at) {
        endings.add(new ObservedEnding(new ObservedEnding.Position(true, 0, endings.size()), id, "", reason, "", at));
        return this;
    }

    TestHistory life(String name, WorkerProcess.ProcessEnd end, int exitCode) {
        lives.add(new WorkerLife(name, 0, 1_000, end, exitCode, List.of(), "the last line"));
        return this;
    }

    TestHistory obstacle(String worker, CommitObstacle.ObstacleCause cause, long from, long to) {
        obstacles.add(new CommitObstacle(worker, cause, from, to));
        return this;
    }

    TestHistory lag(String partition, long records) {
        lag.put(partition, records);
        return this;
    }

    TestHistory moved(String id) {
        moved.put(id, 1);
        return this;
    }

    TestHistory endedAt(long at) {
        endedAt = at;
        return this;
    }

    RunHistory history() {
        return new RunHistory(
                published, calls, endings, List.of(), lives, obstacles, lag, moved, marks, List.of(), endedAt);
    }

    /** Returns the rule and the subject of each violation that any check finds. */
    List<String> violations() {
        return HistoryCheck.all(history(), CheckBounds.DEFAULT).stream()
                .map(violation -> violation.rule() + " " + violation.subject())
                .toList();
    }
}
