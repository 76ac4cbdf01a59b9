package dev.sluice.worker.pace;

import java.util.Map;

/**
 * Counts the flows that have waiting requests, in all lanes together, and knows their weights. Tenants' names come from
 * outside, so that the number of flows must be bounded. Owned by the pace thread.
 */
final class ActiveFlows {
    private static final int MOST = 256;

    private final Map<String, Integer> weights;
    private int count;

    /** @param weights the weights of tenants whose weight is not 1 */
    ActiveFlows(Map<String, Integer> weights) {
        this.weights = Map.copyOf(weights);
    }

    boolean hasRoom() {
        return count < MOST;
    }

    void opened() {
        count++;
    }

    void closed() {
        count--;
    }

    int weightOf(String tenant) {
        return weights.getOrDefault(tenant, 1);
    }
}
