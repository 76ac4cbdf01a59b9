package dev.sluice.gateway;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Holds all requests that wait, and finds those again whose client has gone. It belongs to the event loop.
 */
final class WaitingRequests {
    /** The most bytes of outcomes that are kept for clients which have gone. */
    private static final long MAX_KEPT_BYTES = 64L << 20;

    private final int max;
    private final Set<WaitingRequest> open = new LinkedHashSet<>();
    private final Map<String, Deque<WaitingRequest>> orphans = new HashMap<>();
    private final Map<WaitingRequest, Integer> kept = new LinkedHashMap<>();
    private long keptBytes;
    private Runnable whenEmpty = () -> {};

    WaitingRequests(int max) {
        this.max = max;
    }

    boolean isFull() {
        return open.size() >= max;
    }

    int size() {
        return open.size();
    }

    int orphanCount() {
        return orphans.values().stream().mapToInt(Deque::size).sum();
    }

    void add(WaitingRequest request) {
        open.add(request);
    }

    /** Lets the next try of a client find the request. */
    void orphaned(WaitingRequest request) {
        orphans.computeIfAbsent(request.fingerprint(), first -> new ArrayDeque<>())
                .add(request);
    }

    /** Returns the request of this fingerprint that was orphaned first, and lets nobody else have it. */
    Optional<WaitingRequest> adopt(String fingerprint) {
        Deque<WaitingRequest> equal = orphans.get(fingerprint);
        if (equal == null) {
            return Optional.empty();
        }
        WaitingRequest oldest = equal.removeFirst();
        if (equal.isEmpty()) {
            orphans.remove(fingerprint);
        }
        return Optional.of(oldest);
    }

    /**
     * Keeps the outcome of an orphan, which no longer takes the place of another request. The oldest outcomes are
     * forgotten if they are too large together.
     */
    void keep(WaitingRequest request, int bytes) {
        release(request);
        kept.put(request, bytes);
        keptBytes += bytes;
        while (keptBytes > MAX_KEPT_BYTES) {
            kept.keySet().iterator().next().forget();
        }
    }

    /** Removes a request that is over. */
    void forget(WaitingRequest request) {
        Integer bytes = kept.remove(request);
        if (bytes != null) {
            keptBytes -= bytes;
        }
        Deque<WaitingRequest> equal = orphans.get(request.fingerprint());
        if (equal != null && equal.remove(request) && equal.isEmpty()) {
            orphans.remove(request.fingerprint());
        }
        release(request);
    }

    private void release(WaitingRequest request) {
        if (open.remove(request)) {
            request.caller().allowance().release();
            if (open.isEmpty()) {
                whenEmpty.run();
            }
        }
    }

    /** Ends all waits. */
    void stopAll(HttpAnswer answer) {
        List.copyOf(open).forEach(request -> request.stop(answer));
    }

    /** Runs this when nothing waits any more, at once if that is so now. */
    void whenEmpty(Runnable action) {
        whenEmpty = action;
        if (open.isEmpty()) {
            action.run();
        }
    }
}
