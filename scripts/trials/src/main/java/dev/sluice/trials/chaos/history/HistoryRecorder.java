package dev.sluice.trials.chaos.history;

import dev.sluice.trials.chaos.plan.PlannedRequest;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Records what happens in a run. Owns the clock of all times in the history. Thread-safe. */
public final class HistoryRecorder {
    private final Clock clock;
    private final Map<String, PublishedRequest> published = new LinkedHashMap<>();
    private final List<ApiCall> calls = new ArrayList<>();
    private final List<ObservedEnding> endings = new ArrayList<>();
    private final List<FaultRecord> faults = new ArrayList<>();
    private final List<WorkerLife> lives = new ArrayList<>();
    private final List<CommitObstacle> obstacles = new ArrayList<>();
    private final Map<String, Long> lag = new HashMap<>();
    private final Map<String, Integer> moved = new HashMap<>();
    private final List<WrittenMark> marks = new ArrayList<>();
    private final List<Long> plainRecords = new ArrayList<>();
    private final Set<String> ended = new HashSet<>();
    private final Set<String> waiting = new HashSet<>();
    private int ok;
    private int underWay;

    public HistoryRecorder(Clock clock) {
        this.clock = clock;
    }

    /** The numbers of requests and calls so far. */
    public record RunCounts(int published, int acknowledged, int ended, int ok, int calls, int callsUnderWay) {
        public int waiting() {
            return acknowledged - ended;
        }
    }

    /** Returns the present time in epoch milliseconds. */
    public long now() {
        return clock.millis();
    }

    public synchronized void published(PlannedRequest request, long sentAt, long notBefore) {
        published.put(request.id(), new PublishedRequest(request, sentAt, notBefore, PublishedRequest.NEVER));
    }

    /** Records that Kafka has a request since now. */
    public synchronized void acknowledged(String id) {
        published.computeIfPresent(id, (same, sent) -> sent.acknowledged(now()));
        // its reply may have been seen before
        if (!ended.contains(id)) {
            waiting.add(id);
        }
    }

    public synchronized void callBegan() {
        underWay++;
    }

    public synchronized void callEnded(ApiCall call) {
        underWay--;
        calls.add(call);
    }

    public synchronized void ending(ObservedEnding ending) {
        endings.add(ending);
        if (!ending.isDead() && ended.add(ending.id())) {
            ok += ending.isOk() ? 1 : 0;
            waiting.remove(ending.id());
        }
    }

    public synchronized void fault(FaultRecord fault) {
        faults.add(fault);
    }

    public synchronized void life(WorkerLife life) {
        lives.add(life);
    }

    public synchronized void obstacle(CommitObstacle obstacle) {
        obstacles.add(obstacle);
    }

    /** Records how many records of an input partition were left unread. */
    public synchronized void lag(String partition, long records) {
        lag.put(partition, records);
    }

    /** Records that a request was moved to the overflow topic. */
    public synchronized void moved(String id) {
        moved.merge(id, 1, Integer::sum);
    }

    /** Records that Kafka has a mark that cancels a request since now. */
    public synchronized void marked(String id, long sentAt) {
        marks.add(new WrittenMark(id, sentAt, now()));
    }

    /** Records that a record of the plain transactional client can be read since now. */
    public synchronized void plainRecord() {
        plainRecords.add(now());
    }

    /** RunCounts the acknowledged requests without a reply. */
    public synchronized int waiting() {
        return waiting.size();
    }

    /** RunCounts those of the given requests that are acknowledged and have no reply. */
    public synchronized int waiting(Collection<PlannedRequest> requests) {
        return (int) requests.stream()
                .filter(request -> waiting.contains(request.id()))
                .count();
    }

    public synchronized RunCounts counts() {
        return new RunCounts(
                published.size(),
                (int) published.values().stream()
                        .filter(PublishedRequest::isAcknowledged)
                        .count(),
                ended.size(),
                ok,
                calls.size() + underWay,
                underWay);
    }

    /** Returns the history up to now. */
    public synchronized RunHistory history() {
        List<ApiCall> inOrder = new ArrayList<>(calls);
        inOrder.sort(Comparator.comparingLong(ApiCall::startedAt));
        List<FaultRecord> byNumber = new ArrayList<>(faults);
        byNumber.sort(Comparator.comparingInt(fault -> fault.fault().number()));
        List<CommitObstacle> all = new ArrayList<>(obstacles);
        lives.forEach(life -> all.addAll(life.obstacles()));
        return new RunHistory(
                List.copyOf(published.values()),
                inOrder,
                endings,
                byNumber,
                lives,
                all,
                lag,
                moved,
                marks,
                plainRecords,
                now());
    }
}
