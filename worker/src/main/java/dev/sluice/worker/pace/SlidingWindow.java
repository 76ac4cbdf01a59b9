package dev.sluice.worker.pace;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * What was spent lately: our own copy of the sliding window that the API keeps. A call counts from when it was sent
 * until a span after it has left, since the API sees it no sooner. Owned by the pace thread; the order of sending is
 * the order of time.
 */
final class SlidingWindow {
    /** What is kept beyond the span, for a look back at how much was granted. */
    private static final long KEPT_NANOS = 3_000_000_000L;
    /** Kept however old: a slow lane's rate shows only in several calls. */
    private static final int KEPT_AT_LEAST = 8;

    private final long span;
    private final Deque<Charge> inside = new ArrayDeque<>();
    /** The ones before, youngest first. */
    private final Deque<Charge> before = new ArrayDeque<>();

    private long sum;

    SlidingWindow(long spanNanos) {
        this.span = spanNanos;
    }

    void add(Charge spend) {
        // not only when it is asked: the window of a unit without a limit never is
        sum(spend.at());
        inside.addLast(spend);
        spend.counted = true;
        sum += spend.amount();
    }

    /** Puts what a call really cost in the place of what was expected; 0 if it was refused. */
    void correct(Charge spend, long amount) {
        if (spend.counted) {
            sum += amount - spend.amount();
        }
        spend.amount(amount);
    }

    /**
     * All that was spent within the span. One that has left before one that was sent earlier counts as long as that
     * one.
     */
    long sum(long now) {
        while (!inside.isEmpty() && now - inside.peekFirst().leftAt(now) >= span) {
            Charge left = inside.removeFirst();
            left.counted = false;
            sum -= left.amount();
            before.addFirst(left);
        }
        while (before.size() > KEPT_AT_LEAST && now - before.peekLast().at() > KEPT_NANOS) {
            before.removeLast();
        }
        return sum;
    }

    /** How long until no more than {@code most} is left within the span, if nothing is added. */
    long nanosTo(long most, long now) {
        long left = sum(now);
        long wait = 0;
        for (Charge spend : inside) {
            if (left <= most) {
                break;
            }
            left -= spend.amount();
            wait = Math.max(wait, spend.leftAt(now) + span - now);
        }
        return wait;
    }

    /** What was spent after {@code from} and before {@code to}, as far as it is remembered. */
    long between(long from, long to) {
        long spent = 0;
        for (Iterator<Charge> spends = youngestFirst(); spends.hasNext(); ) {
            Charge spend = spends.next();
            if (spend.at() - from <= 0) {
                break;
            }
            spent += spend.at() - to < 0 ? spend.amount() : 0;
        }
        return spent;
    }

    /** What the last call up to {@code at} has spent; 0 if none is remembered. */
    long lastUpTo(long at) {
        for (Iterator<Charge> spends = youngestFirst(); spends.hasNext(); ) {
            Charge spend = spends.next();
            if (spend.at() - at <= 0 && spend.amount() > 0) {
                return spend.amount();
            }
        }
        return 0;
    }

    /** Calls within the span, refused ones included. */
    int calls(long now) {
        sum(now);
        return inside.size();
    }

    /** What the calls within the span were expected to spend, refused ones included. */
    long asked(long now) {
        sum(now);
        return inside.stream().mapToLong(Charge::asked).sum();
    }

    /** The average rate per second of the last few that were granted before {@code to}; infinite with too few. */
    double averageBefore(long to, int calls) {
        long spent = 0;
        int counted = 0;
        long first = to;
        for (Iterator<Charge> spends = youngestFirst(); spends.hasNext() && counted < calls; ) {
            Charge spend = spends.next();
            if (spend.at() - to < 0 && spend.amount() > 0) {
                spent += spend.amount();
                first = spend.at();
                counted++;
            }
        }
        return counted < 3 ? Double.POSITIVE_INFINITY : spent * 1e9 / (to - first);
    }

    private Iterator<Charge> youngestFirst() {
        Iterator<Charge> young = inside.descendingIterator();
        Iterator<Charge> old = before.iterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return young.hasNext() || old.hasNext();
            }

            @Override
            public Charge next() {
                return young.hasNext() ? young.next() : old.next();
            }
        };
    }
}
