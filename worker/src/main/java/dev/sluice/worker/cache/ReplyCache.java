package dev.sluice.worker.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Answers requests with the header {@code sluice-cache} from memory. The stored answer must belong to the same body
 * and tenant and must not be older than the header allows. Thread-safe. Its methods wait only for each other's short
 * look into the maps.
 *
 * <p>If no such answer is stored, the first request becomes the leader and is forwarded to be called. Requests that
 * arrive before the leader ends become its followers and wait here for its answer. If the leader ends without an
 * answer, the follower that expires first leads next, so that one failure costs one more call. Two follow on each
 * further failure. With one alone, the last of many followers could wait for a call of each.
 *
 * <p>Nothing is lost when the process dies. The offset of a follower is open until its own outcome is committed, so
 * the next owner of its partition reads it again. For the same reason the followers need no bound of their own. They
 * count in intake's read-ahead, in records and in bytes, like requests that wait in a lane. The bytes of stored
 * answers are bounded here.
 *
 * <p>Requests are forwarded inside the lock. So no request of a partition can be on its way to a lane after
 * {@link #withdraw} has returned.
 */
public final class ReplyCache {
    /** The rough memory cost of an answer's key and the objects around it, in bytes. */
    private static final int OVERHEAD_BYTES = 256;

    /**
     * The time that a follower may wait beyond its own expiry. The lanes look for expired requests only once a second,
     * too.
     */
    private static final long EXPIRY_SLACK_MILLIS = 1_000;

    private final boolean enabled;
    private final long maxAgeMillis;
    private final Clock clock;
    private final Consumer<Request> forward;
    private final BiConsumer<Request, byte[]> answered;
    private final Cache<String, Answer> answers;
    private final Map<String, SharedCall> sharedCalls = new HashMap<>();
    private long hits;
    private long shared;
    private long misses;

    /** @param storedAt the epoch ms at which the API gave it */
    private record Answer(byte[] body, long storedAt) {}

    /** The equal requests of one key that are called, or wait for those. Guarded by the cache's lock. */
    private static final class SharedCall {
        final Set<Request> leaders = new HashSet<>();
        final List<Request> followers = new ArrayList<>();
        boolean hasFailed;
    }

    /**
     * The numbers of requests since the start that asked for an answer from here. A request that comes back after a
     * failed call counts again.
     *
     * @param hits requests answered from memory
     * @param shared requests answered by another request's call
     * @param misses requests forwarded to be called
     */
    public record Counts(long hits, long shared, long misses) {}

    /**
     * @param maxBytes the most memory for answers. With 0 every request is forwarded
     * @param maxAge the age up to which a request is called. The lanes use the same
     * @param clock tells the age of answers and the expiry of requests
     * @param forward takes each request that is to be called. It must not block
     * @param answered takes a request and the body of its answer. It must neither change the body nor block
     */
    public ReplyCache(
            long maxBytes,
            Optional<Duration> maxAge,
            Clock clock,
            Consumer<Request> forward,
            BiConsumer<Request, byte[]> answered) {
        this.enabled = maxBytes > 0;
        this.maxAgeMillis = maxAge.map(Duration::toMillis).orElse(Long.MAX_VALUE);
        this.clock = clock;
        this.forward = forward;
        this.answered = answered;
        // evictions run on the calling thread: a common pool could still run them after the worker's end
        this.answers = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((String key, Answer answer) -> OVERHEAD_BYTES + answer.body().length)
                .executor(Runnable::run)
                .build();
    }

    /** Takes a request that is due. It is answered, follows another request or is forwarded. */
    public void accept(Request request) {
        Optional<Duration> maxAnswerAge = maxAnswerAge(request);
        // an expired request is forwarded too: the lanes end it
        boolean expired = expiresAt(request) <= clock.millis();
        if (maxAnswerAge.isEmpty() || expired) {
            forward.accept(request);
            return;
        }
        String key = request.input().contentHash();
        synchronized (this) {
            accept(request, key, maxAnswerAge.get());
        }
    }

    private void accept(Request request, String key, Duration maxAnswerAge) {
        Answer answer = answers.getIfPresent(key);
        SharedCall call = sharedCalls.get(key);
        if (answer != null && isYounger(answer, maxAnswerAge)) {
            hits++;
            answered.accept(request, answer.body());
        } else if (call != null && call.leaders.stream().anyMatch(leader -> mayFollow(leader, request))) {
            call.followers.add(request);
        } else {
            if (call == null) {
                call = new SharedCall();
                call.leaders.add(request);
                sharedCalls.put(key, call);
            } else if (request.isExpress()) {
                call.leaders.add(request);
            }
            call(request);
        }
    }

    /**
     * Learns that a forwarded request has ended, or that it will come again as another record. This must be called for
     * every request, whether or not it asks for an answer from here. Otherwise its followers would wait forever. A
     * request that goes back into its lane has not ended: its followers wait with it.
     *
     * @param answer the API's answer if it was a good one
     */
    public void ended(Request request, Optional<byte[]> answer) {
        if (maxAnswerAge(request).isEmpty()) {
            return;
        }
        String key = request.input().contentHash();
        synchronized (this) {
            answer.ifPresent(body -> store(key, body));
            SharedCall call = sharedCalls.get(key);
            if (call != null && call.leaders.remove(request)) {
                if (answer.isEmpty()) {
                    promote(call, call.hasFailed ? 2 : 1);
                    call.hasFailed = true;
                }
                if (call.leaders.isEmpty()) {
                    sharedCalls.remove(key);
                }
            }
        }
    }

    /**
     * Forwards followers as the next leaders, the earliest to expire first, so that each of the others still follows
     * one that expires no later. Followers that have expired are all forwarded, because the lanes end them. Where no
     * leader is express and a follower is, that one is forwarded too.
     */
    private void promote(SharedCall call, int count) {
        long now = clock.millis();
        call.followers.sort(Comparator.comparingLong(this::expiresAt));
        int expired = (int) call.followers.stream()
                .takeWhile(follower -> expiresAt(follower) <= now)
                .count();
        List<Request> next = call.followers.subList(0, Math.min(expired + count, call.followers.size()));
        call.leaders.addAll(next);
        next.forEach(this::call);
        next.clear();
        if (call.leaders.stream().noneMatch(Request::isExpress)) {
            Optional<Request> express =
                    call.followers.stream().filter(Request::isExpress).findFirst();
            express.ifPresent(request -> {
                call.followers.remove(request);
                call.leaders.add(request);
                call(request);
            });
        }
    }

    /** Stores an answer and gives it to all followers. */
    private void store(String key, byte[] body) {
        answers.put(key, new Answer(body, clock.millis()));
        // these may follow another call than the one that gave the answer, for which it is as good
        SharedCall call = sharedCalls.get(key);
        if (call != null) {
            shared += call.followers.size();
            call.followers.forEach(follower -> answered.accept(follower, body));
            call.followers.clear();
        }
    }

    /** Removes and returns the requests that wait for the call of an equal one and for which this is true. */
    public synchronized List<Request> takeFollowers(Predicate<Request> which) {
        List<Request> taken = new ArrayList<>();
        sharedCalls
                .values()
                .forEach(call -> call.followers.removeIf(follower -> {
                    boolean isTaken = which.test(follower);
                    if (isTaken) {
                        taken.add(follower);
                    }
                    return isTaken;
                }));
        return taken;
    }

    /** Returns true if others wait for the call of this request. */
    public boolean hasFollowers(Request request) {
        if (maxAnswerAge(request).isEmpty()) {
            return false;
        }
        String key = request.input().contentHash();
        synchronized (this) {
            SharedCall call = sharedCalls.get(key);
            return call != null && !call.followers.isEmpty();
        }
    }

    /** Drops the requests of these assignments. A follower of another assignment leads in the place of a leader. */
    public synchronized void withdraw(Set<Assignment> leaving) {
        sharedCalls.values().removeIf(call -> {
            call.followers.removeIf(follower -> leaving.contains(follower.assignment()));
            int before = call.leaders.size();
            call.leaders.removeIf(leader -> leaving.contains(leader.assignment()));
            int gone = before - call.leaders.size();
            if (gone > 0) {
                promote(call, gone);
            }
            return call.leaders.isEmpty();
        });
    }

    public synchronized Counts counts() {
        return new Counts(hits, shared, misses);
    }

    private void call(Request request) {
        misses++;
        forward.accept(request);
    }

    private Optional<Duration> maxAnswerAge(Request request) {
        return enabled ? request.input().cacheFor() : Optional.empty();
    }

    private boolean isYounger(Answer answer, Duration maxAge) {
        return Duration.ofMillis(clock.millis() - answer.storedAt()).compareTo(maxAge) < 0;
    }

    /**
     * Returns whether the leader expires no later than the follower. So nothing here has to look for expired requests.
     * The lane ends an expired leader, and the next one leads. While the leader is called, a follower counts as called
     * too. An express request follows none that waits behind the backlog.
     */
    private boolean mayFollow(Request leader, Request follower) {
        return (leader.isExpress() || !follower.isExpress())
                && expiresAt(leader) - expiresAt(follower) <= EXPIRY_SLACK_MILLIS;
    }

    private long expiresAt(Request request) {
        return request.input().deadline(maxAgeMillis);
    }
}
