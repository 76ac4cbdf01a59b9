package dev.sluice.worker.pace;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/**
 * The charges of the last second or so: our copy of the sliding window that the API keeps. A call counts from its start
 * until one span after it was sent, since the API sees it no sooner. Charges are added in the order of their starts.
 * Owned by the pace thread.
 */
final class SlidingWindow {
    /** The time for which charges are remembered, for a look back at how much was granted. */
    private static final long KEPT_NANOS = 3_000_000_000L;
    /** The charges that are remembered however old they are: the rate of a slow lane shows only in several calls. */
    private static final int KEPT_MIN = 8;
    /** The charges that are remembered for a minute. More are sent only to an API that does not count by the minute. */
    private static final int KEPT_OF_MINUTE = 100;

    private static final long MINUTE = 60_000_000_000L;

    private final long span;
    private final Deque<Charge> inside = new ArrayDeque<>();
    /** The remembered charges outside the span, youngest first. */
    private final Deque<Charge> before = new ArrayDeque<>();

    private long sum;

    SlidingWindow(long spanNanos) {
        this.span = spanNanos;
    }

    void add(Charge charge) {
        // Purges old charges: nobody asks the window of a unit without a limit for its sum.
        sum(charge.startedAt());
        inside.addLast(charge);
        charge.counted = true;
        sum += charge.amount();
    }

    /** Replaces the expected amount of a call by its real one, which is 0 if the call was rejected. */
    void correct(Charge charge, long amount) {
        if (charge.counted) {
            sum += amount - charge.amount();
        }
        charge.amount(amount);
    }

    /**
     * Returns the sum of all charges within the span. A charge counts at least as long as those that started before it.
     */
    long sum(long now) {
        while (!inside.isEmpty() && now - inside.peekFirst().sentAt(now) >= span) {
            Charge left = inside.removeFirst();
            left.counted = false;
            sum -= left.amount();
            before.addFirst(left);
        }
        while (before.size() > KEPT_MIN
                && now - before.peekLast().startedAt() > (before.size() > KEPT_OF_MINUTE ? KEPT_NANOS : MINUTE)) {
            before.removeLast();
        }
        return sum;
    }

    /** Returns the sum of the charges that have started since then. Of those older than a minute it knows few. */
    long sumSince(long since, long now) {
        long recent = sum(now);
        for (Charge charge : before) {
            if (charge.startedAt() - since < 0) {
                break;
            }
            recent += charge.amount();
        }
        return recent;
    }

    /** Returns the sum of the calls that were granted in the minute before {@code to}, as a rate per second. */
    double rateOfMinuteBefore(long to) {
        return sumBetween(to - MINUTE, to) * 1e9 / MINUTE;
    }

    /** Returns true if no call was granted in the span before {@code to}. */
    boolean isEmptyBefore(long to) {
        return sumBetween(to - span, to) == 0;
    }

    /** Returns how long it takes until the sum is {@code max} or less, if nothing is added. */
    long nanosUntil(long max, long now) {
        long left = sum(now);
        long wait = 0;
        for (Charge charge : inside) {
            if (left <= max) {
                break;
            }
            left -= charge.amount();
            wait = Math.max(wait, charge.sentAt(now) + span - now);
        }
        return wait;
    }

    /** Returns the sum of the remembered charges whose calls started after {@code from} and before {@code to}. */
    long sumBetween(long from, long to) {
        long spent = 0;
        for (Iterator<Charge> charges = youngestFirst(); charges.hasNext(); ) {
            Charge charge = charges.next();
            if (charge.startedAt() - from <= 0) {
                break;
            }
            spent += charge.startedAt() - to < 0 ? charge.amount() : 0;
        }
        return spent;
    }

    /** Returns the amount of the last granted call that started at {@code at} or before, or 0 if none is remembered. */
    long lastAmountUpTo(long at) {
        for (Iterator<Charge> charges = youngestFirst(); charges.hasNext(); ) {
            Charge charge = charges.next();
            if (charge.startedAt() - at <= 0 && charge.amount() > 0) {
                return charge.amount();
            }
        }
        return 0;
    }

    /** Returns the number of calls within the span, rejected ones included. */
    int calls(long now) {
        sum(now);
        return (int) inside.stream().filter(Charge::isCall).count();
    }

    /** Returns the sum of the expected amounts of all calls within the span, rejected ones included. */
    long expected(long now) {
        sum(now);
        return inside.stream().mapToLong(Charge::expected).sum();
    }

    /**
     * Returns the average rate per second of the last granted calls before {@code to}, or infinity if there are fewer
     * than three.
     *
     * @param calls the most calls to look at
     */
    double averageRateBefore(long to, int calls) {
        long spent = 0;
        int counted = 0;
        long first = to;
        for (Iterator<Charge> charges = youngestFirst(); charges.hasNext() && counted < calls; ) {
            Charge charge = charges.next();
            if (charge.startedAt() - to < 0 && charge.amount() > 0) {
                spent += charge.amount();
                first = charge.startedAt();
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
