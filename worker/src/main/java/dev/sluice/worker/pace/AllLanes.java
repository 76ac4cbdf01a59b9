package dev.sluice.worker.pace;

/**
 * The knowledge that all lanes share, because they share a URL and a key.
 *
 * @param calls the calls of all lanes
 * @param probes the pace of probes while all of them are held
 */
record AllLanes(RecentCalls calls, SharedProbes probes) {
    AllLanes() {
        this(new RecentCalls(), new SharedProbes());
    }
}
