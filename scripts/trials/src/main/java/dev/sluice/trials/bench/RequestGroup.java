package dev.sluice.trials.bench;

import java.util.OptionalLong;
import java.util.function.IntPredicate;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * A group of requests of one run, such as those of one tenant, in the order of their publishing. Times are epoch
 * milliseconds. Thread-safe.
 */
final class RequestGroup {
    private final RequestTimes times;
    private final int[] numbers;

    /** Makes the group of the requests with these numbers. A request's place is that of its number among them. */
    RequestGroup(RequestTimes times, IntStream numbers) {
        this.times = times;
        this.numbers = numbers.toArray();
    }

    int size() {
        return numbers.length;
    }

    /** Tells whether each of them has a reply. */
    boolean isAnswered() {
        return IntStream.of(numbers).allMatch(times::isAnswered);
    }

    /** Counts those that have a reply. */
    long answered() {
        return IntStream.of(numbers).filter(times::isAnswered).count();
    }

    /** Returns when the first of them was published. */
    long publishedAt() {
        return min(times::publishedAt);
    }

    /** Returns when the first of them was answered. Those without a reply do not count. */
    long firstReply() {
        return min(times::repliedAt);
    }

    /** Returns when the last of them was answered. Those without a reply do not count. */
    long lastReply() {
        return LongStream.concat(LongStream.of(0), IntStream.of(numbers).mapToLong(times::repliedAt))
                .max()
                .orElse(0);
    }

    /** Returns when the first of those at the matching places was called. Empty if none was. */
    OptionalLong firstCall(IntPredicate place) {
        return IntStream.range(0, numbers.length)
                .filter(place)
                .mapToLong(at -> times.calledAt(numbers[at]))
                .filter(at -> at != 0)
                .min();
    }

    /**
     * Returns the milliseconds from a time of each request to its reply. Those without a reply are left out.
     *
     * @param start returns the time of the request at a place in this group
     */
    Percentiles repliedAfter(IntToLongFunction start) {
        return Percentiles.of(IntStream.range(0, numbers.length)
                .filter(place -> times.isAnswered(numbers[place]))
                .mapToLong(place -> times.repliedAt(numbers[place]) - start.applyAsLong(place)));
    }

    private long min(IntToLongFunction time) {
        return IntStream.of(numbers)
                .mapToLong(time)
                .filter(at -> at != 0)
                .min()
                .orElseThrow(() -> new IllegalStateException("nothing has happened to these requests"));
    }
}
