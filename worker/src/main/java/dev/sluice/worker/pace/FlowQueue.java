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
    private final Deque<WaitingRequest> express = new ArrayDeque<>();
    private final Deque<WaitingRequest> retries = new ArrayDeque<>();
    private final Deque<WaitingRequest> arrivals = new ArrayDeque<>();
    private final List<Deque<WaitingRequest>> all = List.of(express, retries, arrivals);
    private boolean wasRetry;
    /** The amount that the flow may still spend in its turn, in requests. It is negative after express requests. */
    private double deficit;

    private boolean hasTurn;

    /** @param order a number that is larger for each request that comes */
    private record WaitingRequest(Request request, long order) {}

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
        (request.isExpress() ? express : wasCalled ? retries : arrivals).addLast(new WaitingRequest(request, order));
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
        WaitingRequest next = next(withExpress).peekFirst();
        return next == null ? null : next.request();
    }

    /** Removes the next request. There must be one. */
    Request remove(boolean withExpress) {
        Deque<WaitingRequest> next = next(withExpress);
        if (next != express) {
            wasRetry = next == retries;
        }
        return next.removeFirst().request();
    }

    /** Returns true if a request waits that is neither express nor was called before. */
    boolean hasArrivals() {
        return !arrivals.isEmpty();
    }

    /** Returns the youngest request, as {@link LaneQueue#removeYoungest} defines it. Must not be empty. */
    Request peekYoungest() {
        return youngest().getLast().request();
    }

    Request removeYoungest() {
        return youngest().removeLast().request();
    }

    /** Returns the order of the youngest request; 0 if there is none. */
    long youngestOrder() {
        return orderOfLast(youngest());
    }

    private Deque<WaitingRequest> youngest() {
        if (hasArrivals()) {
            return arrivals;
        }
        return orderOfLast(retries) > orderOfLast(express) ? retries : express;
    }

    private static long orderOfLast(Deque<WaitingRequest> queue) {
        WaitingRequest last = queue.peekLast();
        return last == null ? 0 : last.order();
    }

    private Deque<WaitingRequest> next(boolean withExpress) {
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
        all.forEach(queue -> queue.removeIf(each -> unwanted.test(each.request())));
    }

    boolean isEmpty() {
        return express.isEmpty() && retries.isEmpty() && arrivals.isEmpty();
    }

    int size() {
        return express.size() + retries.size() + arrivals.size();
    }
}
