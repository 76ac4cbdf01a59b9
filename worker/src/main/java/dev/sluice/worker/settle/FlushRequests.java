package dev.sluice.worker.settle;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The flushes that callers wait for. Each is completed after everything sent before it is committed, and cancelled once
 * the settle thread has ended. Any thread may call {@link #add}. The settle thread calls everything else.
 */
final class FlushRequests {
    /** The flushes whose message the settle thread has read. */
    private final List<CompletableFuture<Void>> reached = new ArrayList<>();
    /** All flushes that are not completed, of any thread. */
    private final Set<CompletableFuture<Void>> open = ConcurrentHashMap.newKeySet();

    private volatile boolean ended;

    /** Returns a new flush. It is cancelled at once if the settle thread has ended. */
    CompletableFuture<Void> add() {
        CompletableFuture<Void> flush = new CompletableFuture<>();
        // added before the check: otherwise an end in between would leave this flush waiting forever
        open.add(flush);
        if (ended) {
            cancelAll();
        }
        return flush;
    }

    /** Marks a flush to be completed by the next {@link #complete}. */
    void reached(CompletableFuture<Void> flush) {
        reached.add(flush);
    }

    /** Returns whether a flush was reached and is not complete. */
    boolean areWaiting() {
        return !reached.isEmpty();
    }

    /** Completes all flushes that were reached. */
    void complete() {
        reached.forEach(flush -> flush.complete(null));
        open.removeIf(CompletableFuture::isDone);
        reached.clear();
    }

    /** Cancels all flushes, and each that is added later. */
    void end() {
        ended = true;
        cancelAll();
    }

    private void cancelAll() {
        open.forEach(flush -> flush.cancel(false));
        open.clear();
    }
}
