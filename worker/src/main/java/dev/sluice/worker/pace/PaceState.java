package dev.sluice.worker.pace;

import dev.sluice.worker.pool.LaneReport;
import java.time.Duration;
import java.util.List;

/**
 * A snapshot of all lanes.
 *
 * @param share the part of every limit that may be spent
 * @param inFlight the calls in flight in this worker
 * @param heldFor for how long every lane that has requests has been stopped; zero if one flows or none has any
 * @param groups the limits that several models have in common, each as if it were a lane
 */
public record PaceState(
        LimitShare share, int inFlight, Duration heldFor, List<LaneState> lanes, List<LaneState> groups) {
    /** The state before the first request. */
    public static final PaceState NONE = new PaceState(LimitShare.ALL, 0, Duration.ZERO, List.of(), List.of());

    /** Returns what the other workers are told of the lanes in which something happens. */
    public List<LaneReport> reports() {
        return lanes.stream().filter(LaneState::isActive).map(LaneState::report).toList();
    }

    /** Returns what the other workers are told of the limits that several models have in common. */
    public List<LaneReport> groupReports() {
        return groups.stream()
                .filter(LaneState::isActive)
                .map(LaneState::report)
                .toList();
    }

    /** Returns true if no request waits for a call and none is called. */
    public boolean isIdle() {
        return inFlight == 0 && lanes.stream().allMatch(lane -> lane.waiting() == 0);
    }
}
