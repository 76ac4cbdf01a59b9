package dev.sluice.trials.bench;

import dev.sluice.sandbox.CallObserver;
import dev.sluice.sandbox.ReceivedRequest;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * What happened to each request, by its number, in arrays: a million of them are to fit beside a broker. Times are epoch
 * milliseconds, 0 where something has not happened. Thread-safe.
 */
final class RequestTimes implements CallObserver {
    private static final Pattern ID = Pattern.compile("bench-(\\d{1,9})\\b");

    private final AtomicInteger next = new AtomicInteger();
    private final AtomicLongArray publishedAt;
    private final AtomicLongArray notBefore;
    private final AtomicLongArray calledAt;
    private final AtomicLongArray repliedAt;
    private final AtomicIntegerArray calls;
    private final AtomicIntegerArray replies;
    private final AtomicIntegerArray caller;
    private final AtomicInteger failed = new AtomicInteger();
    private final AtomicLong unpublished = new AtomicLong();

    RequestTimes(int capacity) {
        publishedAt = new AtomicLongArray(capacity);
        notBefore = new AtomicLongArray(capacity);
        calledAt = new AtomicLongArray(capacity);
        repliedAt = new AtomicLongArray(capacity);
        calls = new AtomicIntegerArray(capacity);
        replies = new AtomicIntegerArray(capacity);
        caller = new AtomicIntegerArray(capacity);
    }

    static String id(int number) {
        return "bench-" + number;
    }

    /** Numbers a request that is published now; {@code due} 0: it may be called at once. */
    int publish(long nowMillis, long due) {
        int number = next.getAndIncrement();
        if (number >= publishedAt.length()) {
            throw new IllegalStateException("more than the " + publishedAt.length() + " requests that were planned");
        }
        notBefore.set(number, due);
        publishedAt.set(number, nowMillis);
        return number;
    }

    void notPublished() {
        unpublished.incrementAndGet();
    }

    /** The key a worker calls with is its number. */
    @Override
    public CallObserver.End callArrived(ReceivedRequest request) {
        Matcher id = ID.matcher(new String(request.body(), StandardCharsets.UTF_8));
        if (id.find()) {
            int worker =
                    Integer.parseInt(request.header("authorization").orElse("").replaceAll("\\D", ""));
            called(Integer.parseInt(id.group(1)), worker, System.currentTimeMillis());
        }
        return (status, delivered) -> {};
    }

    void called(int number, int worker, long nowMillis) {
        calledAt.compareAndSet(number, 0, nowMillis);
        calls.incrementAndGet(number);
        caller.set(number, worker);
    }

    /** A committed reply was seen; {@code ok} false counts as failed. */
    void replied(String id, boolean ok, long nowMillis) {
        Matcher matcher = ID.matcher(id);
        if (matcher.matches()) {
            int number = Integer.parseInt(matcher.group(1));
            repliedAt.compareAndSet(number, 0, nowMillis);
            replies.incrementAndGet(number);
        }
        if (!ok) {
            failed.incrementAndGet();
        }
    }

    /** How many requests there are so far. */
    int published() {
        return next.get();
    }

    /** The numbers of all requests so far. */
    IntStream numbers() {
        return IntStream.range(0, next.get());
    }

    /** Whether each of them has its reply. */
    boolean isAnswered() {
        return numbers().allMatch(number -> replies(number) > 0);
    }

    long publishedAt(int number) {
        return publishedAt.get(number);
    }

    long notBefore(int number) {
        return notBefore.get(number);
    }

    long calledAt(int number) {
        return calledAt.get(number);
    }

    long repliedAt(int number) {
        return repliedAt.get(number);
    }

    int calls(int number) {
        return calls.get(number);
    }

    int replies(int number) {
        return replies.get(number);
    }

    int caller(int number) {
        return caller.get(number);
    }

    /** How long after it might be called first it was. */
    long lateness(int number) {
        return calledAt(number) - Math.max(notBefore(number), publishedAt(number));
    }

    boolean isEarly(int number) {
        return calledAt(number) != 0 && calledAt(number) < notBefore(number);
    }

    /** Replies that say {@code failed}, and records that Kafka did not take. */
    long failures() {
        return failed.get() + unpublished.get();
    }
}
