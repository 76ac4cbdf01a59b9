package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The waiting requests of a lane. A retry goes first, and then retries and arrivals take turns, so that requests that
 * fail again and again keep no others waiting. Each kind keeps its order. Owned by the pace thread.
 */
final class LaneQueue {
    private final Deque<Request> retries = new ArrayDeque<>();
    private final Deque<Request> arrivals = new ArrayDeque<>();
    private boolean wasRetry;

    void add(Request request) {
        (request.isRetry() ? retries : arrivals).addLast(request);
    }

    /** Adds a request behind all others, even if it is a retry. The next probe must be another request. */
    void addLast(Request request) {
        arrivals.addLast(request);
    }

    /** Returns the next request without removing it. */
    @Nullable
    Request peek() {
        return next().peekFirst();
    }

    /** Removes the next request. The queue must not be empty. */
    Request remove() {
        Deque<Request> next = next();
        wasRetry = next == retries;
        return next.removeFirst();
    }

    private Deque<Request> next() {
        return retries.isEmpty() || (wasRetry && !arrivals.isEmpty()) ? arrivals : retries;
    }

    boolean remove(Request request) {
        return retries.remove(request) || arrivals.remove(request);
    }

    void removeIf(Predicate<Request> unwanted) {
        retries.removeIf(unwanted);
        arrivals.removeIf(unwanted);
    }

    /** Hands over the expired requests at the heads, before a token is taken for them. */
    void expireFirst(Lanes.Expiry expiry) {
        for (Deque<Request> queue : List.of(retries, arrivals)) {
            while (!queue.isEmpty() && expiry.isExpired().test(queue.peekFirst())) {
                expiry.expire().accept(queue.removeFirst());
            }
        }
    }

    /** Hands over all expired requests. */
    void expireAll(Lanes.Expiry expiry) {
        removeIf(request -> {
            boolean expired = expiry.isExpired().test(request);
            if (expired) {
                expiry.expire().accept(request);
            }
            return expired;
        });
    }

    boolean isEmpty() {
        return retries.isEmpty() && arrivals.isEmpty();
    }

    int size() {
        return retries.size() + arrivals.size();
    }
}
