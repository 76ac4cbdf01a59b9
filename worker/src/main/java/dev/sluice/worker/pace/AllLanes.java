package dev.sluice.worker.pace;

import java.util.Map;

/**
 * The things that all lanes of a worker share.
 *
 * @param calls the calls of all lanes, which share a URL and a key
 * @param probes the pace of probes while all of them are held
 * @param slots the calls that may be in flight
 * @param weights the weights of tenants whose weight is not 1
 * @param groups the limits that lanes have in common
 */
record AllLanes(
        RecentCalls calls, SharedProbes probes, CallSlots slots, Map<String, Integer> weights, LaneGroups groups) {
    AllLanes(CallSlots slots, Map<String, Integer> weights) {
        this(slots, weights, LaneGroups.NONE);
    }

    AllLanes(CallSlots slots, Map<String, Integer> weights, LaneGroups groups) {
        this(new RecentCalls(), new SharedProbes(), slots, weights, groups);
    }
}
