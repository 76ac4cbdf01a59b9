package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Request;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The waiting requests of a lane. Its flows take turns ({@link DeficitRoundRobin}), and this class says what goes ahead
 * of all turns and what stays behind them.
 *
 * <p>Express requests go ahead. If their flow owes too much for those before them, they wait for its turn like others,
 * so that a tenant gains nothing by sending everything as express. They wait for nobody while there is room for express
 * requests alone. The other requests keep a tenth of what the lane sends, whoever waits.
 *
 * <p>Requests that were called in vain while the lane was stopped go behind all others until it flows again. Owned by
 * the pace thread.
 */
final class LaneQueue {
    /** The most express requests in a row while others wait. */
    private static final int MOST_EXPRESS_IN_A_ROW = 9;

    private static final Comparator<FlowQueue> BY_YOUNGEST =
            Comparator.comparing(FlowQueue::hasArrivals).thenComparingLong(FlowQueue::youngestOrder);

    private final DeficitRoundRobin turns;
    /** The flows with waiting express requests, in the order in which these go ahead. */
    private final Deque<FlowQueue> ahead = new ArrayDeque<>();

    private final Deque<Request> putBack = new ArrayDeque<>();
    private int inFlows;
    private int express;
    private int expressInARow;
    private long added;
    /** The answer of {@link #next} to what it was asked for last. It holds until requests come or go. */
    private @Nullable Choice chosen;

    private Admission chosenFor = Admission.FOR_ALL;

    /**
     * The kinds of requests that a lane may call at present.
     *
     * @param express true if an express request may be called
     * @param others true if another request may be called
     */
    record Admission(boolean express, boolean others) {
        static final Admission FOR_ALL = new Admission(true, true);
    }

    /** The flow that is served next, and whether with its express requests. */
    private record Choice(FlowQueue flow, boolean withExpress) {
        Request request() {
            return Objects.requireNonNull(flow.peek(withExpress));
        }
    }

    /**
     * @param weights the weights of tenants whose weight is not 1
     * @param cost returns what a request costs, as a multiple of an ordinary one
     */
    LaneQueue(Map<String, Integer> weights, ToDoubleFunction<Request> cost) {
        this.turns = new DeficitRoundRobin(weights, cost);
    }

    void add(Request request) {
        add(request, request.isRetry());
    }

    private void add(Request request, boolean wasCalled) {
        FlowQueue flow = turns.of(request);
        boolean goesAhead = request.isExpress() && !flow.hasExpress();
        chosen = null;
        flow.add(request, wasCalled, ++added);
        inFlows++;
        express += request.isExpress() ? 1 : 0;
        if (goesAhead) {
            ahead.addLast(flow);
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

    /** Returns the next request that may be called without removing it; null if there is none. */
    @Nullable
    Request peek(Admission admission) {
        if (inFlows == 0) {
            return admission.others() ? putBack.peekFirst() : null;
        }
        Choice next = next(admission);
        return next == null ? null : next.request();
    }

    /** Returns the same until requests come or go, although a search ends turns and what requests cost may change. */
    private @Nullable Choice next(Admission admission) {
        if (chosen == null || !chosenFor.equals(admission)) {
            chosen = choose(admission);
            chosenFor = admission;
        }
        return chosen;
    }

    private @Nullable Choice choose(Admission admission) {
        boolean doOthersWait = inFlows > express;
        boolean isOthersTurn = !admission.express() || expressInARow >= MOST_EXPRESS_IN_A_ROW;
        if (admission.others() && doOthersWait && isOthersTurn) {
            return new Choice(turns.next(false), false);
        }
        if (!admission.express()) {
            return null;
        }
        FlowQueue first = firstAhead();
        if (first == null && !admission.others()) {
            // Others could not go in its place, so that nobody gains if it waits.
            first = ahead.peekFirst();
        }
        if (first != null) {
            return new Choice(first, true);
        }
        return admission.others() ? new Choice(turns.next(true), true) : null;
    }

    /** Returns the flow whose express request goes ahead of all turns, or null if each one owes too much. */
    private @Nullable FlowQueue firstAhead() {
        for (int i = ahead.size(); i > 0; i--) {
            FlowQueue first = ahead.getFirst();
            if (turns.mayGoAhead(first)) {
                return first;
            }
            ahead.addLast(ahead.removeFirst());
        }
        return null;
    }

    /** Removes the request that {@link #peek} returns. There must be one. */
    Request remove(Admission admission) {
        if (inFlows == 0) {
            return putBack.removeFirst();
        }
        Choice next = Objects.requireNonNull(next(admission));
        Request request = next.flow().remove(next.withExpress());
        turns.served(next.flow(), request);
        expressInARow = request.isExpress() ? expressInARow + 1 : 0;
        return removed(next.flow(), request);
    }

    /**
     * Removes the request that came last of those that are neither express nor were called before. If there is none,
     * removes the one that came last. A request that fails each time would otherwise come last each time, and be every
     * second probe. Must not be empty.
     */
    Request removeYoungest() {
        if (inFlows == 0) {
            return putBack.removeLast();
        }
        FlowQueue flow = youngestFlow();
        return removed(flow, flow.removeYoungest());
    }

    private FlowQueue youngestFlow() {
        return turns.flows().stream().max(BY_YOUNGEST).orElseThrow();
    }

    private Request removed(FlowQueue flow, Request request) {
        chosen = null;
        inFlows--;
        if (request.isExpress()) {
            express--;
            ahead.remove(flow);
            if (flow.hasExpress()) {
                ahead.addLast(flow);
            }
        }
        forgetIdle(flow);
        return request;
    }

    private void forgetIdle(FlowQueue flow) {
        if (inFlows == 0) {
            turns.forgetAll();
        } else {
            turns.forgetIfIdle(flow);
        }
    }

    void removeIf(Predicate<Request> unwanted) {
        chosen = null;
        putBack.removeIf(unwanted);
        turns.flows().forEach(flow -> flow.removeIf(unwanted));
        inFlows = turns.flows().stream().mapToInt(FlowQueue::size).sum();
        express = turns.flows().stream().mapToInt(FlowQueue::expressSize).sum();
        ahead.removeIf(flow -> !flow.hasExpress());
        List.copyOf(turns.flows()).forEach(this::forgetIdle);
    }

    /** Hands over the expired requests that come next, before a token is taken for them. */
    void expireFirst(Admission admission, Lanes.Expiry expiry) {
        for (Request next = peek(admission); next != null && expiry.isExpired().test(next); next = peek(admission)) {
            expiry.expire().accept(inFlows == 0 ? putBack.removeFirst() : discardNext(admission));
        }
    }

    /** Hands over the expired requests that came last, before one of them becomes a probe. */
    void expireYoungest(Lanes.Expiry expiry) {
        while (!isEmpty() && expiry.isExpired().test(youngest())) {
            expiry.expire().accept(removeYoungest());
        }
    }

    private Request youngest() {
        return inFlows == 0 ? putBack.getLast() : youngestFlow().peekYoungest();
    }

    private Request discardNext(Admission admission) {
        Choice next = Objects.requireNonNull(next(admission));
        return removed(next.flow(), next.flow().remove(next.withExpress()));
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
