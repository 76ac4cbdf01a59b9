package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The waiting requests of a lane. Its flows take turns by deficit round robin (Shreedhar and Varghese, 1995): each turn
 * lets a flow spend as much as its weight, and what it cannot spend on a whole request counts in its next turn. A flow
 * without waiting requests is forgotten, so that it owes nothing when it comes back, and nothing is owed to it.
 *
 * <p>Requests that were called in vain while the lane was stopped go behind all others until it flows again. Owned by
 * the pace thread.
 */
final class LaneQueue {
    /** A request costs at most as much as this many ordinary ones, so that few turns pass until it is paid for. */
    private static final double MOST_COST = 1_000;

    private final ActiveFlows active;
    private final ToDoubleFunction<Request> cost;
    private final Map<FlowKey, FlowQueue> flows = new HashMap<>();
    /** The flows in the order of their turns. */
    private final Deque<FlowQueue> turns = new ArrayDeque<>();

    private final Deque<Request> putBack = new ArrayDeque<>();
    private int inFlows;
    private long added;

    /** @param cost returns what a request costs, as a multiple of an ordinary one */
    LaneQueue(ActiveFlows active, ToDoubleFunction<Request> cost) {
        this.active = active;
        this.cost = cost;
    }

    void add(Request request) {
        add(request, request.isRetry());
    }

    private void add(Request request, boolean wasCalled) {
        flowFor(FlowKey.of(request)).add(request, wasCalled, ++added);
        inFlows++;
    }

    private FlowQueue flowFor(FlowKey own) {
        FlowQueue present = flows.get(own);
        if (present != null) {
            return present;
        }
        if (active.hasRoom()) {
            active.opened();
            return open(own);
        }
        FlowQueue shared = flows.get(FlowKey.SHARED);
        return shared != null ? shared : open(FlowKey.SHARED);
    }

    private FlowQueue open(FlowKey key) {
        FlowQueue flow = new FlowQueue(key, active.weightOf(key.tenant()));
        flows.put(key, flow);
        turns.addLast(flow);
        return flow;
    }

    private void close(FlowQueue flow) {
        flows.remove(flow.key());
        turns.remove(flow);
        if (!flow.key().equals(FlowKey.SHARED)) {
            active.closed();
        }
    }

    /** Adds a request behind all others. The next probe must be another request. */
    void putBack(Request request) {
        putBack.addLast(request);
    }

    /** Gives the requests that were put back their turn again. */
    void release() {
        while (!putBack.isEmpty()) {
            add(putBack.removeFirst(), true);
        }
    }

    /** Returns the next request without removing it. */
    @Nullable
    Request peek() {
        return turns.isEmpty() ? putBack.peekFirst() : next().peek();
    }

    /** Returns the flow that is served next, after those that cannot afford their next request have ended their turn. */
    private FlowQueue next() {
        while (turns.size() > 1) {
            FlowQueue first = turns.getFirst();
            Request request = first.peek();
            if (request != null && first.affords(costOf(request))) {
                return first;
            }
            first.endTurn();
            turns.addLast(turns.removeFirst());
        }
        return turns.getFirst();
    }

    private double costOf(Request request) {
        return Math.min(MOST_COST, cost.applyAsDouble(request));
    }

    /** Removes the next request. The queue must not be empty. */
    Request remove() {
        if (turns.isEmpty()) {
            return putBack.removeFirst();
        }
        FlowQueue flow = next();
        Request request = removeFrom(flow, flow.remove());
        if (turns.size() > 1) {
            flow.spend(costOf(request));
        } else {
            flow.forgetTurns();
        }
        return request;
    }

    /** Removes the request that came last, which may be of another kind than the first ones. Must not be empty. */
    Request removeYoungest() {
        if (turns.isEmpty()) {
            return putBack.removeLast();
        }
        FlowQueue flow =
                turns.stream().max(Comparator.comparingLong(FlowQueue::addedAt)).orElseThrow();
        return removeFrom(flow, flow.removeYoungest());
    }

    private Request removeFrom(FlowQueue flow, Request removed) {
        inFlows--;
        if (flow.isEmpty()) {
            close(flow);
        }
        return removed;
    }

    void removeIf(Predicate<Request> unwanted) {
        putBack.removeIf(unwanted);
        for (FlowQueue flow : turns.toArray(FlowQueue[]::new)) {
            flow.removeIf(unwanted);
            if (flow.isEmpty()) {
                close(flow);
            }
        }
        inFlows = turns.stream().mapToInt(FlowQueue::size).sum();
    }

    /** Hands over the expired requests that come next, before a token is taken for them. */
    void expireFirst(Lanes.Expiry expiry) {
        for (Request next = peek(); next != null && expiry.isExpired().test(next); next = peek()) {
            expiry.expire().accept(turns.isEmpty() ? putBack.removeFirst() : discardNext());
        }
    }

    private Request discardNext() {
        FlowQueue flow = next();
        return removeFrom(flow, flow.remove());
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
        return inFlows == 0 && putBack.isEmpty();
    }

    int size() {
        return inFlows + putBack.size();
    }
}
