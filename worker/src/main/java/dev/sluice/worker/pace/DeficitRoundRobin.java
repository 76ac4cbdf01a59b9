package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * The flows of a lane, which take turns by deficit round robin (Shreedhar and Varghese, 1995). Each turn lets a flow
 * spend as much as its weight, and what it cannot spend on a whole request counts in its next turn. A flow may be
 * served ahead of its turn. It pays for that in its next turns.
 *
 * <p>A flow without waiting requests is forgotten as soon as it has paid, so that it owes nothing when it comes back,
 * and nothing is owed to it. A flow that is alone owes nobody. Owned by the pace thread.
 */
final class DeficitRoundRobin {
    /** Tenants' names come from outside, so that their flows must be bounded. The tenants beyond share one flow. */
    private static final int MOST_FLOWS = 256;

    /** A request costs at most as much as this many ordinary ones, so that few turns pass until it is paid for. */
    private static final double MOST_COST = 1_000;

    /** The turns for which a flow may be served ahead. */
    private static final int MOST_TURNS_AHEAD = 8;

    private final Map<String, Integer> weights;
    private final ToDoubleFunction<Request> cost;
    private final Map<FlowKey, FlowQueue> flows = new HashMap<>();
    private final Deque<FlowQueue> turns = new ArrayDeque<>();

    /**
     * @param weights the weights of tenants whose weight is not 1
     * @param cost returns what a request costs, as a multiple of an ordinary one
     */
    DeficitRoundRobin(Map<String, Integer> weights, ToDoubleFunction<Request> cost) {
        this.weights = Map.copyOf(weights);
        this.cost = cost;
    }

    /** Returns the flow for a new request, and opens one if there is none. */
    FlowQueue of(Request request) {
        FlowKey own = FlowKey.of(request);
        boolean hasOwn = flows.containsKey(own) || flows.size() < MOST_FLOWS;
        FlowKey key = hasOwn ? own : FlowKey.SHARED;
        FlowQueue present = flows.get(key);
        return present != null ? present : open(key);
    }

    private FlowQueue open(FlowKey key) {
        FlowQueue flow = new FlowQueue(key, weights.getOrDefault(key.tenant(), 1));
        flows.put(key, flow);
        turns.addLast(flow);
        return flow;
    }

    private void close(FlowQueue flow) {
        flows.remove(flow.key());
        turns.remove(flow);
    }

    /** Returns all flows, also those that have nothing waiting and owe for what was served ahead. */
    Collection<FlowQueue> flows() {
        return Collections.unmodifiableCollection(turns);
    }

    /**
     * Returns the flow whose turn it is, after the turns of those that cannot afford their next request have ended.
     * Some flow must have a request of the kind.
     */
    FlowQueue next(boolean withExpress) {
        while (true) {
            FlowQueue first = turns.getFirst();
            Request request = first.peek(withExpress);
            if (request != null && (isAlone() || first.affords(costOf(request)))) {
                return first;
            }
            if (first.isEmpty() && first.affords(0)) {
                close(first);
            } else {
                first.endTurn();
                turns.addLast(turns.removeFirst());
            }
        }
    }

    /** Returns false if the flow owes too much to be served ahead of its turn. */
    boolean mayGoAhead(FlowQueue flow) {
        return isAlone() || !owesTooMuch(flow);
    }

    private static boolean owesTooMuch(FlowQueue flow) {
        return flow.deficit() <= -MOST_TURNS_AHEAD * flow.weight();
    }

    private boolean isAlone() {
        return turns.size() == 1;
    }

    /** Lets a flow pay for a request that is served. */
    void served(FlowQueue flow, Request request) {
        if (isAlone()) {
            flow.forgetTurns();
        } else if (!owesTooMuch(flow)) {
            flow.spend(costOf(request));
        }
    }

    private double costOf(Request request) {
        return Math.min(MOST_COST, cost.applyAsDouble(request));
    }

    /** Forgets a flow if it has nothing waiting and has paid. */
    void forgetIfIdle(FlowQueue flow) {
        if (flow.isEmpty() && flow.deficit() >= 0) {
            close(flow);
        }
    }

    /** Forgets all flows, since nothing waits. */
    void forgetAll() {
        while (!turns.isEmpty()) {
            close(turns.getFirst());
        }
    }
}
