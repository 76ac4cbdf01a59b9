package dev.sluice.trials.chaos.history;

import dev.sluice.trials.chaos.plan.PlannedRequest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Takes down what happens, from any thread. */
public final class HistoryRecorder {
    private final Map<String, PublishedRequest> published = new LinkedHashMap<>();
    private final List<ApiCall> calls = new ArrayList<>();
    private final List<SeenEnding> endings = new ArrayList<>();
    private final List<FaultRecord> faults = new ArrayList<>();
    private final List<WorkerLife> lives = new ArrayList<>();
    private final List<CommitObstacle> incidents = new ArrayList<>();
    private final Set<String> ended = new HashSet<>();
    private final Set<String> waiting = new HashSet<>();
    private Map<String, Long> lag = Map.of();
    private int ok;
    private int underWay;

    /** How far a run is. */
    public record Progress(int published, int acknowledged, int ended, int ok, int calls, int callsUnderWay) {
        public int waiting() {
            return acknowledged - ended;
        }
    }

    public synchronized void published(PlannedRequest request, long sentAt, long notBefore) {
        published.put(request.id(), new PublishedRequest(request, sentAt, notBefore, PublishedRequest.NEVER));
    }

    public synchronized void acknowledged(String id, long at) {
        published.computeIfPresent(id, (same, sent) -> sent.acknowledged(at));
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

    public synchronized void ending(SeenEnding ending) {
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

    public synchronized void incident(CommitObstacle incident) {
        incidents.add(incident);
    }

    public synchronized void lag(Map<String, Long> notRead) {
        lag = Map.copyOf(notRead);
    }

    /** Acknowledged requests without a reply. */
    public synchronized int waiting() {
        return waiting.size();
    }

    /** How many of these are acknowledged and have no reply. */
    public synchronized int waiting(Collection<PlannedRequest> requests) {
        return (int) requests.stream()
                .filter(request -> waiting.contains(request.id()))
                .count();
    }

    public synchronized Progress progress() {
        return new Progress(
                published.size(),
                (int) published.values().stream()
                        .filter(PublishedRequest::isAcknowledged)
                        .count(),
                ended.size(),
                ok,
                calls.size() + underWay,
                underWay);
    }

    public synchronized RunHistory history(long now) {
        List<ApiCall> inOrder = new ArrayList<>(calls);
        inOrder.sort(Comparator.comparingLong(ApiCall::startedAt));
        List<FaultRecord> byNumber = new ArrayList<>(faults);
        byNumber.sort(Comparator.comparingInt(fault -> fault.fault().number()));
        List<CommitObstacle> all = new ArrayList<>(incidents);
        lives.forEach(life -> all.addAll(life.incidents()));
        return new RunHistory(List.copyOf(published.values()), inOrder, endings, byNumber, lives, all, lag, now);
    }
}
