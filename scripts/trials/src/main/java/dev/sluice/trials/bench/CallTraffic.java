package dev.sluice.trials.bench;

import dev.sluice.sandbox.ReceivedCall;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one run in the order of their arrival, and the limit they came under. Times are nanoseconds of the
 * stand-in's clock.
 *
 * @param limit null: none that all these calls have in common
 * @param inTokens whether the limit is one of tokens
 */
record CallTraffic(List<ReceivedCall> calls, @Nullable RateLine limit, boolean inTokens) {
    static final int LIMITED = 429;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    CallTraffic {
        calls = calls.stream()
                .sorted(Comparator.comparingLong(ReceivedCall::nanoTime))
                .toList();
        if (calls.isEmpty()) {
            throw new IllegalStateException("no call has come; see the worker's log");
        }
    }

    long first() {
        return calls.get(0).nanoTime();
    }

    /** When the last call came that the limiter let pass. */
    long lastAdmitted() {
        return calls.stream()
                .filter(ReceivedCall::admitted)
                .mapToLong(ReceivedCall::nanoTime)
                .max()
                .orElse(first());
    }

    /** Those that came from {@code from} to {@code to}, both included. */
    List<ReceivedCall> between(long from, long to) {
        return calls.stream()
                .filter(call -> call.nanoTime() >= from && call.nanoTime() <= to)
                .toList();
    }

    /** What was admitted from {@code from} to {@code to} as a part of what the limit would have let pass. */
    double utilisation(long from, long to) {
        if (limit == null || to <= from) {
            return 0;
        }
        long admitted = between(from, to).stream()
                .mapToLong(call -> inTokens ? call.tokens() : call.admitted() ? 1 : 0)
                .sum();
        return admitted / limit.admits(from, to);
    }

    /** The part of the calls from {@code from} to {@code to} that were refused with 429. */
    double refused(long from, long to) {
        List<ReceivedCall> counted = between(from, to);
        long refused = counted.stream().filter(call -> call.status() == LIMITED).count();
        return counted.isEmpty() ? 0 : (double) refused / counted.size();
    }

    /** How many calls came within a second of the first beyond what the limit lets pass; of tokens, how many were refused. */
    long tooManyAtFirst() {
        List<ReceivedCall> atFirst = between(first(), first() + SECOND_NANOS - 1);
        if (limit == null || inTokens) {
            return atFirst.stream().filter(call -> call.status() == LIMITED).count();
        }
        return Math.max(0, atFirst.size() - (long) limit.at(first()));
    }
}
