package dev.sluice.trials.bench;

import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** A group of requests of one run, such as those of one tenant. Times are epoch milliseconds. Thread-safe. */
final class RequestGroup {
    private final RequestTimes times;
    private final int[] numbers;

    /** Makes the group of the requests with these numbers. */
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

    /** Returns the milliseconds from a time of each request to its reply. Those without a reply are left out. */
    Percentiles repliedAfter(IntToLongFunction start) {
        return Percentiles.of(IntStream.of(numbers)
                .filter(times::isAnswered)
                .mapToLong(number -> times.repliedAt(number) - start.applyAsLong(number)));
    }

    private long min(IntToLongFunction time) {
        return IntStream.of(numbers)
                .mapToLong(time)
                .filter(at -> at != 0)
                .min()
                .orElseThrow(() -> new IllegalStateException("nothing has happened to these requests"));
    }
}
