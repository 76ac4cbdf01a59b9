package dev.sluice.worker.intake;

import java.time.Duration;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Delays requests in memory until they are due, while other requests overtake them.
 *
 * <p>It is bounded in records and bytes. In each partition it is also bounded by the room that is left for other
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

    private final int maxRecords;
    private final long maxBytes;
    private final PriorityQueue<Request> heap = new PriorityQueue<>(
            Comparator.comparingLong(request -> request.input().notBefore()));
    private final Map<TrafficClass, Held> held = new EnumMap<>(TrafficClass.class);

    /** The delayed requests of a class, in records and bytes. */
    private static final class Held {
        private int records;
        private long bytes;

        void add(Request request) {
            records++;
            bytes += request.input().weight();
        }

        void remove(Request request) {
            records--;
            bytes -= request.input().weight();
        }
    }

    DueGate(int maxRecords, long maxBytes) {
        for (TrafficClass trafficClass : TrafficClass.values()) {
            held.put(trafficClass, new Held());
        }
        this.maxRecords = maxRecords;
        this.maxBytes = maxBytes;
    }

    /**
     * Takes a request that is due within the horizon.
     *
     * @param room the number of offsets, from the request's own on, that its partition may still register
     * @return false if the request is due later or there is no room for it
     */
    boolean delay(Request request, long nowMillis, long room) {
        boolean soon = request.input().notBefore() - nowMillis <= HORIZON.toMillis();
        if (!soon
                || room < ROOM_FOR_OTHERS
                || heap.size() >= maxRecords
                || bytes() + request.input().weight() > maxBytes) {
            return false;
        }
        held(request.assignment().trafficClass()).add(request);
        return heap.add(request);
    }

    /** Hands over all requests that are due, the earliest first. */
    void release(long nowMillis, Consumer<Request> to) {
        for (Request first = heap.peek();
                first != null && first.input().notBefore() <= nowMillis;
                first = heap.peek()) {
            heap.remove();
            held(first.assignment().trafficClass()).remove(first);
            to.accept(first);
        }
    }

    /** Returns the milliseconds until the next request is due, at most {@code atMost}. */
    long millisToNext(long nowMillis, long atMost) {
        Request first = heap.peek();
        return first == null ? atMost : Math.max(0, Math.min(first.input().notBefore() - nowMillis, atMost));
    }

    void drop(Set<Assignment> gone) {
        heap.removeIf(request -> {
            boolean drops = gone.contains(request.assignment());
            if (drops) {
                held(request.assignment().trafficClass()).remove(request);
            }
            return drops;
        });
    }

    int records() {
        return heap.size();
    }

    int records(TrafficClass trafficClass) {
        return held(trafficClass).records;
    }

    long bytes(TrafficClass trafficClass) {
        return held(trafficClass).bytes;
    }

    private long bytes() {
        return held.values().stream().mapToLong(each -> each.bytes).sum();
    }

    private Held held(TrafficClass trafficClass) {
        return Objects.requireNonNull(held.get(trafficClass));
    }
}
