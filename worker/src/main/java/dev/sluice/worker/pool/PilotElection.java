package dev.sluice.worker.pool;

import dev.sluice.worker.pool.PoolView.KnownWorker;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Elects one worker per lane, the pilot, which finds out the limit for all. It does arithmetic only. Owned by one
 * thread.
 *
 * <p>The topic's order decides. A lane whose pilot is gone has none for the moment. Of the workers that could call, the
 * one that knows the latest limit stands in a new term, and among equals the one in which most waits. A worker that has
 * just come, or did not know the others for a while, listens first, since a pilot may be there. If two stand at once,
 * the higher term wins, and in the same term the first by name. A pilot remains one until it can call nothing while
 * others can.
 */
final class PilotElection {
    private static final long MAX_IDLE_NANOS = Duration.ofSeconds(5).toNanos();

    /** The time in which each worker that is alive has reported at least once. */
    private static final long LISTENS_NANOS = Duration.ofMillis(1_500).toNanos();

    /** The terms for which this worker stands, by model. */
    private final Map<String, Long> terms = new HashMap<>();
    /** The latest term of each lane that was ever read. */
    private final Map<String, Long> latest = new HashMap<>();
    /** The times since which this worker has had nothing to do in lanes that it pilots. */
    private final Map<String, Long> idleSince = new HashMap<>();
    /** The time at which this worker has begun to know the others. */
    private long listensSince;

    private boolean listens;

    /** Gives up all terms, since this worker does not know what the others do. It listens before it stands again. */
    void leave() {
        terms.clear();
        listens = false;
    }

    /** Returns the report with the terms for which this worker stands. */
    WorkerReport complete(WorkerReport report) {
        return report.withLanes(report.lanes().stream()
                .map(lane -> lane.inTerm(terms.getOrDefault(lane.model(), 0L)))
                .toList());
    }

    /** Returns the place of a lane's pilot among all workers. */
    static OptionalInt pilot(List<LaneReport> lanes) {
        int pilot = -1;
        for (int i = 0; i < lanes.size(); i++) {
            if (lanes.get(i).term() > (pilot < 0 ? 0 : lanes.get(pilot).term())) {
                pilot = i;
            }
        }
        return pilot < 0 ? OptionalInt.empty() : OptionalInt.of(pilot);
    }

    /**
     * Stands for the lanes in which this worker has to, and no longer for the others.
     *
     * @param alive all workers that are alive
     * @param own the place of the worker itself among them
     */
    void stand(List<KnownWorker> alive, int own, long now) {
        if (!listens) {
            listens = true;
            listensSince = now;
        }
        if (!knowsAll(alive) && now - listensSince < LISTENS_NANOS) {
            return;
        }
        Map<String, LaneReport> lanes = alive.get(own).lanes();
        Set<String> models =
                lanes.keySet().stream().filter(model -> !model.isEmpty()).collect(Collectors.toSet());
        terms.keySet().retainAll(models);
        latest.keySet().retainAll(models);
        idleSince.keySet().retainAll(models);
        for (String model : models) {
            stand(model, alive.stream().map(worker -> worker.lane(model)).toList(), own, now);
        }
    }

    /** Returns true if every bundle has an owner that is known. */
    private static boolean knowsAll(List<KnownWorker> alive) {
        long bundles = 0;
        int width = 0;
        for (KnownWorker worker : alive) {
            bundles += worker.report().bundles();
            width = Math.max(width, worker.report().width());
        }
        return bundles >= width;
    }

    private void stand(String model, List<LaneReport> lanes, int own, long now) {
        OptionalInt pilot = pilot(lanes);
        long highest = pilot.isPresent() ? lanes.get(pilot.getAsInt()).term() : 0;
        latest.merge(model, highest, Math::max);
        if (pilot.isEmpty() && !terms.containsKey(model) && isFirst(lanes, own)) {
            terms.put(model, latest.getOrDefault(model, 0L) + 1);
            idleSince.remove(model);
        } else if (pilot.isPresent() && (pilot.getAsInt() != own || isIdle(model, lanes, own, now))) {
            // While another one's report has not been read, this worker may stand in a term that is higher.
            if (terms.getOrDefault(model, 0L) <= highest) {
                terms.remove(model);
            }
        }
    }

    /** Returns true if this worker could call and no other one that could comes before it. */
    private static boolean isFirst(List<LaneReport> lanes, int own) {
        Optional<Integer> first = IntStream.range(0, lanes.size())
                .filter(i -> lanes.get(i).requests().wanted() > 0
                        && lanes.get(i).cause().isEmpty())
                .boxed()
                .max(Comparator.<Integer>comparingLong(
                                i -> lanes.get(i).requests().epoch())
                        .thenComparingDouble(i -> lanes.get(i).requests().wanted())
                        .thenComparing(Comparator.reverseOrder()));
        return first.isPresent() && first.get() == own;
    }

    private boolean isIdle(String model, List<LaneReport> lanes, int own, long now) {
        if (hasWork(lanes.get(own)) || lanes.stream().noneMatch(PilotElection::hasWork)) {
            idleSince.remove(model);
            return false;
        }
        return now - idleSince.computeIfAbsent(model, unused -> now) > MAX_IDLE_NANOS;
    }

    /** Returns true if there is something to call, and it may be called. */
    private static boolean hasWork(LaneReport lane) {
        return lane.waiting() > 0 && lane.cause().isEmpty();
    }
}
