package dev.sluice.worker.pace;

/**
 * The things that all lanes of a worker share.
 *
 * @param calls the calls of all lanes, which share a URL and a key
 * @param probes the pace of probes while all of them are held
 * @param slots the calls that may be in flight
 * @param flows the flows of all lanes
 */
record AllLanes(RecentCalls calls, SharedProbes probes, CallSlots slots, ActiveFlows flows) {
    AllLanes(CallSlots slots, ActiveFlows flows) {
        this(new RecentCalls(), new SharedProbes(), slots, flows);
    }
}
