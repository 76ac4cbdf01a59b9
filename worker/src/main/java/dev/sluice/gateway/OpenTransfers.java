package dev.sluice.gateway;

import java.util.HashMap;
import java.util.Map;

/** Counts the files that are being received or sent, of all callers and of each. It belongs to the event loop. */
final class OpenTransfers {
    private final int max;
    private final int maxOfOne;
    private final Map<String, Integer> byOwner = new HashMap<>();
    private int open;
    private Runnable whenEmpty = () -> {};

    OpenTransfers(int max, int maxOfOne) {
        this.max = max;
        this.maxOfOne = maxOfOne;
    }

    /** Takes a place, which {@link #end} gives back. Returns false if there is none. */
    boolean begin(String owner) {
        if (open >= max || byOwner.getOrDefault(owner, 0) >= maxOfOne) {
            return false;
        }
        open++;
        byOwner.merge(owner, 1, Integer::sum);
        return true;
    }

    void end(String owner) {
        open--;
        byOwner.computeIfPresent(owner, (same, count) -> count > 1 ? count - 1 : null);
        if (open == 0) {
            whenEmpty.run();
        }
    }

    /** Runs this when nothing is being transferred, at once if that is so now. */
    void whenEmpty(Runnable action) {
        whenEmpty = action;
        if (open == 0) {
            action.run();
        }
    }
}
