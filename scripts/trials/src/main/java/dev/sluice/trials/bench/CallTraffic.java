package dev.sluice.trials.bench;

import dev.sluice.sandbox.ReceivedCall;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The calls of one run in the order of their arrival, and the limit that held for them. Times are nanoseconds of the
 * stand-in's clock.
 *
 * @param inTokens true if the limit counts tokens, not requests
 */
record CallTraffic(List<ReceivedCall> calls, LimitTimeline limit, boolean inTokens) {
    static final int TOO_MANY_REQUESTS = 429;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    CallTraffic {
        calls = calls.stream()
                .sorted(Comparator.comparingLong(ReceivedCall::nanoTime))
                .toList();
        if (calls.isEmpty()) {
            throw new IllegalStateException("no call has come; see the worker's log");
        }
    }

    /** Returns the time of the first call. */
    long first() {
        return calls.get(0).nanoTime();
    }

    /** Returns the time of the last call. */
    long last() {
        return calls.get(calls.size() - 1).nanoTime();
    }

    /** Returns the time of the last call that the limiter has admitted. */
    long lastAdmitted() {
        return calls.stream()
                .filter(ReceivedCall::admitted)
                .mapToLong(ReceivedCall::nanoTime)
                .max()
                .orElse(first());
    }

    /** Returns the calls between two times, both included. */
    List<ReceivedCall> between(long from, long to) {
        return calls.stream()
                .filter(call -> call.nanoTime() >= from && call.nanoTime() <= to)
                .toList();
    }

    /** Returns the share of the limit that was used between two times. */
    double utilisation(long from, long to) {
        if (to <= from) {
            return 0;
        }
        return granted(from, to) / limit.admits(from, to);
    }

    /** Returns the amount that the limiter has admitted between two times, both included. */
    double granted(long from, long to) {
        return between(from, to).stream()
                .mapToLong(call -> inTokens ? call.tokens() : call.admitted() ? 1 : 0)
                .sum();
    }

    /** Returns the share of the calls between two times that were rejected with 429. */
    double rejected(long from, long to) {
        List<ReceivedCall> counted = between(from, to);
        long rejected = counted.stream()
                .filter(call -> call.status() == TOO_MANY_REQUESTS)
                .count();
        return counted.isEmpty() ? 0 : (double) rejected / counted.size();
    }

    /**
     * Counts the calls in the first second that exceed the limit. Calls have different numbers of tokens, so with a
     * limit of tokens it counts the rejected calls.
     */
    long tooManyAtFirst() {
        List<ReceivedCall> atFirst = between(first(), first() + SECOND_NANOS - 1);
        if (inTokens) {
            return atFirst.stream()
                    .filter(call -> call.status() == TOO_MANY_REQUESTS)
                    .count();
        }
        return Math.max(0, atFirst.size() - (long) limit.at(first()));
    }
}
