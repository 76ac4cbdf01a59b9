package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Holds requests that are due soon; others overtake them. Bounded in records and bytes, and in each partition by the room
 * that is left for others. Owned by the poll thread.
 */
public final class DueGate {
    /** A request that is due later than this waits in a delay tier rather than in memory. */
    public static final Duration HORIZON = Duration.ofSeconds(10);

    /**
     * What waits keeps its offset open, and a partition can have only so many: this many are left to those that are due.
     * The rest is enough for a thousand records a second of which any share waits for 8 s.
     */
    static final int ROOM_FOR_OTHERS = 2_500;

    private final int maxRecords;
    private final long maxBytes;
    private final PriorityQueue<Request> heap = new PriorityQueue<>(
            Comparator.comparingLong(request -> request.envelope().notBefore()));
    private long bytes;

    DueGate(int maxRecords, long maxBytes) {
        this.maxRecords = maxRecords;
        this.maxBytes = maxBytes;
    }

    /**
     * Takes a request that is due within the horizon; false where it is not, or where there is no space.
     *
     * @param room offsets from the request's on that its partition may still register
     */
    boolean hold(Request request, long nowMillis, long room) {
        boolean soon = request.envelope().notBefore() - nowMillis <= HORIZON.toMillis();
        if (!soon
                || room < ROOM_FOR_OTHERS
                || heap.size() >= maxRecords
                || bytes + request.envelope().weight() > maxBytes) {
            return false;
        }
        bytes += request.envelope().weight();
        return heap.add(request);
    }

    /** Hands over everything that is due, the earliest first. */
    void release(long nowMillis, Consumer<Request> to) {
        for (Request first = heap.peek();
                first != null && first.envelope().notBefore() <= nowMillis;
                first = heap.peek()) {
            heap.remove();
            bytes -= first.envelope().weight();
            to.accept(first);
        }
    }

    /** Milliseconds until the next request is due, at most {@code atMost}. */
    long millisToNext(long nowMillis, long atMost) {
        Request first = heap.peek();
        return first == null ? atMost : Math.max(0, Math.min(first.envelope().notBefore() - nowMillis, atMost));
    }

    void drop(Set<Assignment> gone) {
        heap.removeIf(request -> gone.contains(request.assignment()));
        bytes = heap.stream().mapToLong(request -> request.envelope().weight()).sum();
    }

    int records() {
        return heap.size();
    }

    long bytes() {
        return bytes;
    }
}
