package dev.sluice.worker.pace;

import java.util.List;

/**
 * All lanes at one moment.
 *
 * @param share the part of every limit that may be spent
 * @param inFlight calls under way in this worker
 */
public record PaceState(LimitShare share, int inFlight, List<LaneState> lanes) {
    /** Before anything was sent. */
    public static final PaceState NONE = new PaceState(LimitShare.ALL, 0, List.of());
}
