package dev.sluice.worker.cache;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Answers a request that asks for it ({@code sluice-cache}) with what the same body of the same tenant was answered within
 * the time it names. Where there is no such answer the first one, the leader, goes on to be called, and those that come
 * before it has ended follow: they wait here for its answer. Where it ends without one, they go on as ordinary requests,
 * each with a call of its own: if one led the others again and again, the last would wait for a call of each.
 *
 * <p>Nothing is lost when the process dies. A follower has been read and not ended, so its offset is open until its own
 * outcome is committed, and the next owner of its partition reads it again. For the same reason what waits here needs no
 * bound of its own: it counts in intake's read-ahead, in records and in bytes, like what waits in a lane. The answers kept
 * are bounded here, in bytes.
 *
 * <p>Thread-safe; no method waits for anything but another one's short look into the maps. What leaves is handed over
 * inside the lock, so that nothing of a partition can be on its way to a lane after {@link #withdraw} has returned.
 */
public final class ReplyCache {
    /** What an answer's key and the objects around it cost in memory, roughly. */
    private static final int OVERHEAD = 256;

    /** How much longer than its own time a follower may wait: the lanes, too, look for expired requests once a second. */
    private static final long EXPIRY_SLACK_MILLIS = 1_000;

    private final boolean on;
    private final long maxAgeMillis;
    private final Clock clock;
    private final Consumer<Request> onward;
    private final BiConsumer<Request, byte[]> answered;
    private final Cache<String, Answer> answers;
    private final Map<String, SharedCall> calls = new HashMap<>();
    private long hits;
    private long shared;
    private long misses;

    /** @param at epoch ms at which the API gave it */
    private record Answer(byte[] body, long at) {}

    private record SharedCall(Request leader, List<Request> followers) {}

    /**
     * What became of the requests that asked for an answer from here, since the start. One that comes back after a failed
     * call counts again.
     *
     * @param hits answered from memory
     * @param shared answered by another one's call
     * @param misses handed on to be called
     */
    public record Counts(long hits, long shared, long misses) {}

    /**
     * @param maxBytes most memory for answers; with 0 every request goes on
     * @param maxAge oldest request that is still called, as the lanes have it
     * @param clock epoch ms, for the age of answers and the end of requests
     * @param onward takes what is to be called; must not block
     * @param answered takes a request and the body of its answer, not to be changed; must not block
     */
    public ReplyCache(
            long maxBytes,
            Optional<Duration> maxAge,
            Clock clock,
            Consumer<Request> onward,
            BiConsumer<Request, byte[]> answered) {
        this.on = maxBytes > 0;
        this.maxAgeMillis = maxAge.map(Duration::toMillis).orElse(Long.MAX_VALUE);
        this.clock = clock;
        this.onward = onward;
        this.answered = answered;
        // on the calling thread: a common pool's would have work of ours after the worker's end
        this.answers = Caffeine.newBuilder()
                .maximumWeight(maxBytes)
                .weigher((String key, Answer answer) -> OVERHEAD + answer.body().length)
                .executor(Runnable::run)
                .build();
    }

    /** A request that is due: answers it, lets it follow another one, or hands it on, as it does where its time is over. */
    public void accept(Request request) {
        Optional<Duration> age = askedAge(request);
        boolean over = timeIsOverAt(request) <= clock.millis();
        if (age.isEmpty() || over) {
            onward.accept(request);
            return;
        }
        String key = request.envelope().contentHash();
        synchronized (this) {
            accept(request, key, age.get());
        }
    }

    private void accept(Request request, String key, Duration age) {
        Answer answer = answers.getIfPresent(key);
        SharedCall call = calls.get(key);
        if (answer != null && isYounger(answer, age)) {
            hits++;
            answered.accept(request, answer.body());
        } else if (call != null && mayWaitFor(call.leader(), request)) {
            call.followers().add(request);
        } else {
            calls.putIfAbsent(key, new SharedCall(request, new ArrayList<>()));
            call(request);
        }
    }

    /**
     * A request that was handed on has ended, or goes back to its lane. To be told of each end, whether or not it asks for
     * an answer from here, or those that follow it would wait for ever.
     *
     * @param answer the API's answer, where it gave a good one
     */
    public void ended(Request request, Optional<byte[]> answer) {
        if (askedAge(request).isEmpty()) {
            return;
        }
        String key = request.envelope().contentHash();
        synchronized (this) {
            answer.ifPresent(body -> keep(key, body));
            SharedCall call = calls.get(key);
            if (call != null && call.leader().equals(request)) {
                calls.remove(key);
                call.followers().forEach(this::call);
            }
        }
    }

    /** An answer is as good for those that wait for another call than the one that gave it. */
    private void keep(String key, byte[] body) {
        answers.put(key, new Answer(body, clock.millis()));
        SharedCall call = calls.get(key);
        if (call != null) {
            shared += call.followers().size();
            call.followers().forEach(follower -> answered.accept(follower, body));
            call.followers().clear();
        }
    }

    /** Drops what waits here of these assignments; others that wait for a call of theirs go on. */
    public synchronized void withdraw(Set<Assignment> leaving) {
        calls.values().removeIf(call -> {
            call.followers().removeIf(follower -> leaving.contains(follower.assignment()));
            boolean leaderless = leaving.contains(call.leader().assignment());
            if (leaderless) {
                call.followers().forEach(this::call);
            }
            return leaderless;
        });
    }

    public synchronized Counts counts() {
        return new Counts(hits, shared, misses);
    }

    private void call(Request request) {
        misses++;
        onward.accept(request);
    }

    private Optional<Duration> askedAge(Request request) {
        return on ? request.envelope().cacheFor() : Optional.empty();
    }

    private boolean isYounger(Answer answer, Duration age) {
        return Duration.ofMillis(clock.millis() - answer.at()).compareTo(age) < 0;
    }

    /**
     * Nothing here looks for expired requests: a follower's leader is over no later than the follower itself, and the lane
     * that it waits in lets it go then. While the leader is being called, the follower is as one that is being called.
     */
    private boolean mayWaitFor(Request leader, Request follower) {
        return timeIsOverAt(leader) - timeIsOverAt(follower) <= EXPIRY_SLACK_MILLIS;
    }

    private long timeIsOverAt(Request request) {
        return request.envelope().isOverAt(maxAgeMillis);
    }
}
