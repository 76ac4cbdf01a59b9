package dev.sluice.trials.chaos.history;

import java.util.List;
import java.util.Map;

/**
 * Everything that is known about a run. Immutable.
 *
 * @param calls the calls in the order in which they began
 * @param endings the endings in the order in which they were seen
 * @param lag the unread records of every input partition that has any, by {@code topic-partition}
 * @param marks the marks that Kafka has
 * @param moved how often a request was moved to the overflow topic, by its id; those never moved are left out
 * @param plainRecords when each record of a plain transactional client beside the workers could be read
 * @param endedAt epoch milliseconds of the last look at the endings
 */
public record RunHistory(
        List<PublishedRequest> published,
        List<ApiCall> calls,
        List<ObservedEnding> endings,
        List<FaultRecord> faults,
        List<WorkerLife> lives,
        List<CommitObstacle> obstacles,
        Map<String, Long> lag,
        Map<String, Integer> moved,
        List<WrittenMark> marks,
        List<Long> plainRecords,
        long endedAt) {
    public RunHistory {
        published = List.copyOf(published);
        calls = List.copyOf(calls);
        endings = List.copyOf(endings);
        faults = List.copyOf(faults);
        lives = List.copyOf(lives);
        obstacles = List.copyOf(obstacles);
        lag = Map.copyOf(lag);
        moved = Map.copyOf(moved);
        marks = List.copyOf(marks);
        plainRecords = List.copyOf(plainRecords);
    }
}
