package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The waiting requests of a lane. A retry goes first, and then retries and arrivals take turns, so that requests that
 * fail again and again keep no others waiting. Each kind keeps its order. Requests that were called in vain while the
 * lane was stopped go behind all others until it flows again. Owned by the pace thread.
 */
final class LaneQueue {
    private final Deque<Request> retries = new ArrayDeque<>();
    private final Deque<Request> arrivals = new ArrayDeque<>();
    private final Deque<Request> putBack = new ArrayDeque<>();
    private final List<Deque<Request>> all = List.of(retries, arrivals, putBack);
    private boolean wasRetry;

    void add(Request request) {
        (request.isRetry() ? retries : arrivals).addLast(request);
    }

    /** Adds a request behind all others. The next probe must be another request. */
    void putBack(Request request) {
        putBack.addLast(request);
    }

    /** Gives the requests that were put back their turn again. */
    void release() {
        while (!putBack.isEmpty()) {
            retries.addLast(putBack.removeFirst());
        }
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

    /** Removes the request that came last, which may be of another kind than the first ones. Must not be empty. */
    Request removeYoungest() {
        Request youngest = arrivals.pollLast();
        return youngest != null ? youngest : Objects.requireNonNull(next().pollLast());
    }

    private Deque<Request> next() {
        if (retries.isEmpty() && arrivals.isEmpty()) {
            return putBack;
        }
        return retries.isEmpty() || (wasRetry && !arrivals.isEmpty()) ? arrivals : retries;
    }

    boolean remove(Request request) {
        return retries.remove(request) || arrivals.remove(request) || putBack.remove(request);
    }

    void removeIf(Predicate<Request> unwanted) {
        all.forEach(queue -> queue.removeIf(unwanted));
    }

    /** Hands over the expired requests at the heads, before a token is taken for them. */
    void expireFirst(Lanes.Expiry expiry) {
        for (Deque<Request> queue : all) {
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
        return all.stream().allMatch(Deque::isEmpty);
    }

    int size() {
        return all.stream().mapToInt(Deque::size).sum();
    }
}
