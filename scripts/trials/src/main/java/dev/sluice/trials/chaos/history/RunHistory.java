package dev.sluice.trials.chaos.history;

import java.util.List;
import java.util.Map;

/**
 * Everything that is known of a run. Immutable.
 *
 * @param endings in the order in which they were seen
 * @param calls in the order in which they began
 * @param lag of every input partition that was not read to its end, in records; {@code topic-partition}
 * @param endedAt epoch milliseconds of the last look at the endings
 */
public record RunHistory(
        List<PublishedRequest> published,
        List<ApiCall> calls,
        List<SeenEnding> endings,
        List<FaultRecord> faults,
        List<WorkerLife> lives,
        List<CommitObstacle> incidents,
        Map<String, Long> lag,
        long endedAt) {
    public RunHistory {
        published = List.copyOf(published);
        calls = List.copyOf(calls);
        endings = List.copyOf(endings);
        faults = List.copyOf(faults);
        lives = List.copyOf(lives);
        incidents = List.copyOf(incidents);
        lag = Map.copyOf(lag);
    }
}
