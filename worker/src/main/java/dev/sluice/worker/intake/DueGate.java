package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Delays requests in memory until they are due, while other requests overtake them.
 *
 * <p>It is bounded by the {@link ReadAhead}. In each partition it is also bounded by the room that is left for other
 * records. Owned by the poll thread.
 */
public final class DueGate {
    /** The longest time that a request waits in memory. A request that is due later waits in a delay tier. */
    public static final Duration HORIZON = Duration.ofSeconds(10);

    /**
     * The number of offsets of a partition that are left to requests that are due. A delayed request keeps its offset
     * open, and a partition can have only so many open offsets. The rest is enough for a thousand records per second of
     * which any share waits for 8 s.
     */
    static final int ROOM_FOR_OTHERS = 2_500;

    private final ReadAhead readAhead;
    private final PriorityQueue<Request> heap = new PriorityQueue<>(
            Comparator.comparingLong(request -> request.input().notBefore()));

    DueGate(ReadAhead readAhead) {
        this.readAhead = readAhead;
    }

    /**
     * Takes a request that is due within the horizon.
     *
     * @param room the number of offsets, from the request's own on, that its partition may still register
     * @return false if the request is due later or there is no room for it
     */
    boolean delay(Request request, long nowMillis, long room) {
        boolean soon = request.input().notBefore() - nowMillis <= HORIZON.toMillis();
        Backlog backlog = Backlog.of(request);
        if (!soon || room < ROOM_FOR_OTHERS || !readAhead.hasRoomUntilDue(backlog)) {
            return false;
        }
        readAhead.notDue(request.input(), backlog);
        return heap.add(request);
    }

    /** Hands over all requests that are due, the earliest first. */
    void release(long nowMillis, Consumer<Request> to) {
        for (Request first = heap.peek();
                first != null && first.input().notBefore() <= nowMillis;
                first = heap.peek()) {
            heap.remove();
            to.accept(first);
        }
    }

    /** Returns the milliseconds until the next request is due, at most {@code atMost}. */
    long millisToNext(long nowMillis, long atMost) {
        Request first = heap.peek();
        return first == null ? atMost : Math.max(0, Math.min(first.input().notBefore() - nowMillis, atMost));
    }

    void drop(Set<Assignment> gone) {
        heap.removeIf(request -> gone.contains(request.assignment()));
    }

    int records() {
        return heap.size();
    }
}
