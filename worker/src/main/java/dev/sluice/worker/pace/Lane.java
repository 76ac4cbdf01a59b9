package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import io.github.bucket4j.Bandwidth;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.local.SynchronizationStrategy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The requests of one model, the bucket that paces them, and whether they flow. Arithmetic only: it never waits and is
 * owned by the pace thread.
 *
 * <p>The lane stops when the API fails several times in a row or serves nobody; it then keeps its requests and sends one
 * probe after another, a few in a row and then after growing pauses, each time with another request, so that no single
 * one can keep it shut.
 */
final class Lane {
    static final long NEVER = Long.MAX_VALUE;

    private static final Logger log = LoggerFactory.getLogger(Lane.class);
    /**
     * Consecutive failures of the API that stop a lane. Fewer than the attempts a request has by default: the only request
     * of a quiet model meets each of them, and must outlive an outage.
     */
    private static final int FAILURES_TO_STOP = 3;

    /** The longest that one answer's hint closes a lane; its own request waits for as long as it says. */
    private static final long LONGEST_LIMIT = Duration.ofSeconds(60).toNanos();

    private static final long FIRST_PAUSE = Duration.ofSeconds(1).toNanos();
    private static final long LONGEST_PAUSE = Duration.ofSeconds(30).toNanos();
    /**
     * Probes between two long pauses, a first pause apart. With a single one, a request that fails for reasons of its own
     * would keep all others waiting for another long pause.
     */
    private static final int PROBES_IN_A_ROW = 3;

    private enum State {
        FLOWING,
        STOPPED,
        PROBING
    }

    private final String name;
    private final Limit limit;
    private final TimeMeter time;
    private final Deque<Request> retries = new ArrayDeque<>();
    private final Deque<Request> arrivals = new ArrayDeque<>();
    private @Nullable Bucket bucket;
    private State state = State.FLOWING;
    private int failures;
    private int probesInVain;
    private long pause;
    private long resumesAt;
    private long changedAt;
    private volatile boolean stopped;
    private volatile @Nullable Probe probe;

    /** @param alone whether every other request that waits was a probe in vain since the lane stopped */
    private record Probe(Request request, boolean alone) {}

    Lane(String name, Limit limit, TimeMeter time, Share share) {
        this.name = name;
        this.limit = limit;
        this.time = time;
        this.resumesAt = time.currentTimeNanos();
        this.changedAt = resumesAt;
        spend(share);
    }

    /** Paces by this share of the limit from now on, beginning with an empty bucket: a full one would be a burst. */
    void spend(Share share) {
        bucket = limit.isNone() ? null : bucket(share);
    }

    private Bucket bucket(Share share) {
        long tokens = limit.requests() * share.bundles();
        Duration period = limit.period().multipliedBy(share.width());
        long slot = (long) (limit.perSecond() * share.fraction() / 10);
        Bandwidth bandwidth = Bandwidth.builder()
                .capacity(Math.max(1, slot))
                .refillGreedy(tokens, period)
                .initialTokens(0)
                .build();
        return Bucket.builder()
                .addLimit(bandwidth)
                .withCustomTimePrecision(time)
                .withSynchronizationStrategy(SynchronizationStrategy.NONE)
                .build();
    }

    void add(Request request) {
        (request.isRetry() ? retries : arrivals).addLast(request);
    }

    /** Back behind all others, whatever it was before: the next probe must be another request. */
    void putBack(Request request) {
        arrivals.addLast(request);
    }

    /** The next request that may be sent now. */
    @Nullable
    Request poll() {
        if (isEmpty() || nanosToResume() > 0 || (bucket != null && !bucket.tryConsume(1))) {
            return null;
        }
        Request request = retries.isEmpty() ? arrivals.removeFirst() : retries.removeFirst();
        if (state == State.STOPPED) {
            state = State.PROBING;
            probe = new Probe(request, probesInVain >= size());
        }
        return request;
    }

    /** Nanoseconds until {@link #poll} can give something; {@link #NEVER} while only a message can change that. */
    long nanosToNext() {
        if (isEmpty() || state == State.PROBING) {
            return NEVER;
        }
        long refill = bucket == null ? 0 : bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill();
        return Math.max(refill, nanosToResume());
    }

    private long nanosToResume() {
        return state == State.PROBING ? NEVER : Math.max(0, resumesAt - time.currentTimeNanos());
    }

    /**
     * A call has ended. One that was sent before the lane last stopped or began to flow again says nothing about the API
     * of now, but for how long it asks us to wait.
     */
    void ended(Feedback feedback, long sentAt) {
        if (feedback.kind() == Feedback.Kind.LIMITED) {
            notBefore(time.currentTimeNanos()
                    + Math.min(LONGEST_LIMIT, feedback.pause().toNanos()));
        }
        if (sentAt - changedAt >= 0) {
            tell(feedback);
        }
    }

    private void tell(Feedback feedback) {
        switch (feedback.kind()) {
            case PASSED, LIMITED -> flow();
            case UNAVAILABLE -> {
                failures++;
                if (state == State.PROBING || failures >= FAILURES_TO_STOP) {
                    stop(feedback.cause());
                }
            }
            case BLOCKED -> stop(feedback.cause());
            case CANCELLED -> {
                if (state == State.PROBING) {
                    state = State.STOPPED;
                }
            }
        }
    }

    private void flow() {
        if (state != State.FLOWING) {
            change(State.FLOWING);
            log.atInfo().addKeyValue("lane", name).log("lane flows again");
        }
        failures = 0;
        pause = 0;
    }

    private void stop(String reason) {
        probesInVain = state == State.PROBING ? probesInVain + 1 : 0;
        change(State.STOPPED);
        boolean rests = probesInVain % PROBES_IN_A_ROW == 0;
        pause = rests ? Math.min(LONGEST_PAUSE, Math.max(FIRST_PAUSE, 2 * pause)) : pause;
        long wait = rests ? pause : FIRST_PAUSE;
        notBefore(time.currentTimeNanos() + wait);
        log.atWarn()
                .addKeyValue("lane", name)
                .addKeyValue("reason", reason)
                .addKeyValue("waiting", size())
                .addKeyValue("nextProbeIn", Duration.ofNanos(wait))
                .log("lane held; its requests stay where they are");
    }

    private void change(State next) {
        state = next;
        stopped = next != State.FLOWING;
        probe = null;
        failures = 0;
        changedAt = time.currentTimeNanos();
    }

    private void notBefore(long nanos) {
        if (nanos - resumesAt > 0) {
            resumesAt = nanos;
        }
    }

    /** Lets go of the requests at the head whose time is over, before a token is taken for them. */
    void expireFirst(Lanes.Expiry expiry) {
        for (Deque<Request> queue : List.of(retries, arrivals)) {
            while (!queue.isEmpty() && expiry.isOver().test(queue.peekFirst())) {
                expiry.to().accept(queue.removeFirst());
            }
        }
    }

    void expireAll(Lanes.Expiry expiry) {
        removeIf(request -> {
            boolean over = expiry.isOver().test(request);
            if (over) {
                expiry.to().accept(request);
            }
            return over;
        });
    }

    void drop(Set<Assignment> gone) {
        removeIf(request -> gone.contains(request.assignment()));
    }

    private void removeIf(Predicate<Request> unwanted) {
        retries.removeIf(unwanted);
        arrivals.removeIf(unwanted);
    }

    boolean isEmpty() {
        return retries.isEmpty() && arrivals.isEmpty();
    }

    int size() {
        return retries.size() + arrivals.size();
    }

    /** How this request, which is called or was, stands in the lane. Any thread. */
    Standing standing(Request request) {
        Probe current = probe;
        if (current != null && current.alone() && current.request().equals(request)) {
            return Standing.ALONE;
        }
        return stopped ? Standing.HELD : Standing.FLOWING;
    }
}
