package dev.sluice.worker.pace;

import java.util.List;

/**
 * A snapshot of all lanes.
 *
 * @param share the part of every limit that may be spent
 * @param inFlight the calls in flight in this worker
 */
public record PaceState(LimitShare share, int inFlight, List<LaneState> lanes) {
    /** The state before the first request. */
    public static final PaceState NONE = new PaceState(LimitShare.ALL, 0, List.of());
}
