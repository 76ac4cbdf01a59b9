package dev.sluice.trials.bench;

import dev.sluice.sandbox.CallObserver;
import dev.sluice.sandbox.ReceivedRequest;
import dev.sluice.wire.WireHeaders;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntPredicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * The times and counts of each request, by its number. They are kept in arrays, so that a million of them fit beside a
 * broker. Times are epoch milliseconds, 0 for an event that has not happened. Thread-safe.
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

    /**
     * Numbers a request that is published now.
     *
     * @param due the time before which it must not be called; 0 if it may be called at once
     */
    int publish(long nowMillis, long due) {
        int number = next.getAndIncrement();
        if (number >= publishedAt.length()) {
            throw new IllegalStateException("more than the " + publishedAt.length() + " requests that were planned");
        }
        notBefore.set(number, due);
        publishedAt.set(number, nowMillis);
        return number;
    }

    /** Counts a request that Kafka has rejected. */
    void notPublished() {
        unpublished.incrementAndGet();
    }

    /** Records a call. The API key of a worker is its number. */
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

    /** Records a committed reply. */
    void replied(ConsumerRecord<byte[], byte[]> reply) {
        String id = WireHeaders.text(reply.headers(), WireHeaders.ID).orElse("");
        boolean ok = WireHeaders.text(reply.headers(), WireHeaders.STATUS)
                .filter(WireHeaders.OK::equals)
                .isPresent();
        replied(id, ok, System.currentTimeMillis());
    }

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

    /** Returns the number of requests published so far. */
    int published() {
        return next.get();
    }

    /** Returns the numbers of all requests so far. */
    IntStream numbers() {
        return IntStream.range(0, next.get());
    }

    /** Counts the requests whose numbers match. */
    long count(IntPredicate which) {
        return numbers().filter(which).count();
    }

    /**
     * Returns when the first call came.
     *
     * @throws IllegalStateException if none has come
     */
    long firstCall() {
        return numbers()
                .mapToLong(this::calledAt)
                .filter(at -> at != 0)
                .min()
                .orElseThrow(() -> new IllegalStateException("no request was called"));
    }

    /** Tells whether every request has a reply. */
    boolean isAnswered() {
        return numbers().allMatch(this::isAnswered);
    }

    boolean isAnswered(int number) {
        return replies(number) > 0;
    }

    /** Tells whether a request was called but has no reply yet. */
    boolean isUnderWay(int number) {
        return calls(number) > 0 && !isAnswered(number);
    }

    /** Tells whether a request has more than one reply. */
    boolean isRepeated(int number) {
        return replies(number) > 1;
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

    /** Returns the number of the worker that made the latest call. */
    int caller(int number) {
        return caller.get(number);
    }

    /** Returns the milliseconds from the time when a request may be called to its first call. */
    long lateness(int number) {
        return calledAt(number) - Math.max(notBefore(number), publishedAt(number));
    }

    boolean isEarly(int number) {
        return calledAt(number) != 0 && calledAt(number) < notBefore(number);
    }

    /** Counts the replies with status {@code failed} and the records that Kafka has rejected. */
    long failures() {
        return failed.get() + unpublished.get();
    }
}
