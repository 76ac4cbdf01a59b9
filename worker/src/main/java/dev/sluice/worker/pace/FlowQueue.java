package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The waiting requests of one flow in a lane, and what the flow may spend. Express requests go first. Of the others a
 * retry goes first, and then retries and arrivals take turns, so that requests that fail again and again keep no others
 * waiting. Each kind keeps its order. Owned by the pace thread.
 */
final class FlowQueue {
    private final FlowKey key;
    private final int weight;
    private final Deque<Request> express = new ArrayDeque<>();
    private final Deque<Request> retries = new ArrayDeque<>();
    private final Deque<Request> arrivals = new ArrayDeque<>();
    private final List<Deque<Request>> all = List.of(express, retries, arrivals);
    private boolean wasRetry;
    private long addedAt;
    /** The amount that the flow may still spend in its turn, in requests. It is negative after express requests. */
    private double deficit;

    private boolean hasTurn;

    /** @param weight the number of ordinary requests that the flow may send in each turn */
    FlowQueue(FlowKey key, int weight) {
        this.key = key;
        this.weight = weight;
    }

    FlowKey key() {
        return key;
    }

    int weight() {
        return weight;
    }

    /**
     * @param wasCalled true if the request was called or put off before
     * @param order a number that is larger for each request that is added to any flow of the lane
     */
    void add(Request request, boolean wasCalled, long order) {
        (request.isExpress() ? express : wasCalled ? retries : arrivals).addLast(request);
        addedAt = order;
    }

    /** Returns the order of the request that was added last. */
    long addedAt() {
        return addedAt;
    }

    boolean hasExpress() {
        return !express.isEmpty();
    }

    int expressSize() {
        return express.size();
    }

    /** Returns the next request without removing it. */
    @Nullable
    Request peek(boolean withExpress) {
        return next(withExpress).peekFirst();
    }

    /** Removes the next request. There must be one. */
    Request remove(boolean withExpress) {
        Deque<Request> next = next(withExpress);
        if (next != express) {
            wasRetry = next == retries;
        }
        return next.removeFirst();
    }

    /** Returns the request that came last, which may be of another kind than the first ones. Must not be empty. */
    Request peekYoungest() {
        return youngest().getLast();
    }

    Request removeYoungest() {
        return youngest().removeLast();
    }

    private Deque<Request> youngest() {
        return arrivals.isEmpty() ? retries.isEmpty() ? express : retries : arrivals;
    }

    private Deque<Request> next(boolean withExpress) {
        if (withExpress && !express.isEmpty()) {
            return express;
        }
        return retries.isEmpty() || (wasRetry && !arrivals.isEmpty()) ? arrivals : retries;
    }

    /** Returns true if the flow may send a request of this cost in its turn, which begins now if it had none. */
    boolean affords(double cost) {
        if (!hasTurn) {
            hasTurn = true;
            deficit += weight;
        }
        return cost <= deficit;
    }

    double deficit() {
        return deficit;
    }

    void spend(double cost) {
        deficit -= cost;
    }

    /** Ends the turn. What is left counts in the next one. */
    void endTurn() {
        hasTurn = false;
    }

    /** Forgets what the flow may still spend, since nobody else waits. */
    void forgetTurns() {
        hasTurn = false;
        deficit = 0;
    }

    void removeIf(Predicate<Request> unwanted) {
        all.forEach(queue -> queue.removeIf(unwanted));
    }

    boolean isEmpty() {
        return express.isEmpty() && retries.isEmpty() && arrivals.isEmpty();
    }

    int size() {
        return express.size() + retries.size() + arrivals.size();
    }
}
