package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests on when their lane and the number of calls under way allow it. One thread runs it and owns all its
 * state; the other methods send that thread a message and may be called from any.
 */
public final class Pace implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(Pace.class);
    private static final int MAX_LANES = 64;
    /** How often waiting requests are looked through for expired ones, and lanes for what there is to say. */
    private static final long LOOK_EVERY = Duration.ofSeconds(1).toNanos();

    /** How soon it is seen that there is room for answers again, of which nobody tells. */
    private static final long ROOM_AGAIN = Duration.ofMillis(10).toNanos();

    /** The least time between two snapshots: a snapshot visits every lane, and a message may come every microsecond. */
    private static final long SNAPSHOT_EVERY = Duration.ofMillis(100).toNanos();

    private final BlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final Lanes lanes;
    private final TimeMeter time;
    private final Bounds bounds;
    private final BiConsumer<Request, Runnable> call;
    private final Consumer<Request> onBlamed;
    private final Runnable cameRound;
    /** Changed by the thread only, which may look through it without the lock. */
    private final Map<Request, InFlightCall> underWay = Collections.synchronizedMap(new IdentityHashMap<>());

    private final List<Withdrawal> withdrawals = new ArrayList<>();
    private long lookAt;
    private long snapshotAt;
    private volatile PaceState snapshot = PaceState.NONE;
    private volatile boolean stopped;

    private record Withdrawal(Set<Assignment> leaving, CompletableFuture<Void> ended) {}

    /**
     * What keeps a call from being started, whatever its lane.
     *
     * @param inFlight most calls under way at once
     * @param roomForAnswers whether answers can be taken; asked before each call, and must become true without one
     */
    public record Bounds(int inFlight, BooleanSupplier roomForAnswers) {}

    /**
     * @param expired whether a request's time is over
     * @param call starts a call, and is told by it (any thread) when it has left; must not block; {@link #ended} or
     *     {@link #putBack} has to follow
     * @param onExpired takes a request whose time is over
     * @param onBlamed takes a request that was put back and has turned out to be at fault itself
     * @param cameRound told again and again that the thread does not hang
     */
    public Pace(
            ConfiguredLimits limits,
            Bounds bounds,
            TimeMeter time,
            Predicate<Request> expired,
            BiConsumer<Request, Runnable> call,
            Consumer<Request> onExpired,
            Consumer<Request> onBlamed,
            Runnable cameRound) {
        this.lanes = new Lanes(MAX_LANES, limits, time, new Lanes.Expiry(expired, onExpired));
        this.time = time;
        this.bounds = bounds;
        this.call = call;
        this.onBlamed = onBlamed;
        this.cameRound = cameRound;
        this.lookAt = time.currentTimeNanos();
        this.snapshotAt = lookAt;
    }

    /** A request that is due. */
    public void accept(Request request) {
        inbox.add(() -> lanes.of(request).add(request));
    }

    /** A call has ended, and its request with it. */
    public void ended(Request request, CallFeedback feedback) {
        inbox.add(() -> end(request, feedback));
    }

    /** A call has ended through no fault of its request, which goes back to the tail of its lane. */
    public void putBack(Request request, CallFeedback feedback) {
        inbox.add(() -> {
            // Before the call counts as ended: it may be the last one that a withdrawal waits for.
            if (!isLeaving(request.assignment())) {
                sent(request).lane().putBack(request);
            }
            end(request, feedback);
        });
    }

    /** The part of every limit that may be spent from now on. */
    public void spend(LimitShare share) {
        inbox.add(() -> lanes.spend(share));
    }

    /**
     * Sends nothing more of these assignments and drops what is waiting.
     *
     * @return completes when no call of theirs is under way
     */
    public CompletableFuture<Void> withdraw(Set<Assignment> leaving) {
        Withdrawal withdrawal = new Withdrawal(Set.copyOf(leaving), new CompletableFuture<>());
        inbox.add(() -> {
            lanes.drop(withdrawal.leaving());
            withdrawals.add(withdrawal);
            completeWithdrawals();
        });
        return withdrawal.ended();
    }

    /**
     * Returns the latest snapshot of all lanes, without waiting. It is at most 100 ms old while there is work, at most
     * a second old while there is none, and the last one once the thread has ended.
     */
    public PaceState state() {
        return snapshot;
    }

    /** Which models are not called at present, and why. */
    public Map<String, String> held() {
        return lanes.held();
    }

    /** How this request stands in its lane: its call has ended, and the lane has not been told yet. */
    public FailureBlame failureBlame(Request request) {
        return sent(request).lane().failureBlame(request);
    }

    /** Runs until {@link #stop}. */
    @Override
    public void run() {
        try {
            while (!stopped) {
                cameRound.run();
                Runnable message = inbox.poll(Math.min(step(), publishSnapshot()), TimeUnit.NANOSECONDS);
                if (message != null) {
                    message.run();
                }
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    public void stop() {
        inbox.add(() -> stopped = true);
    }

    /** Reads all messages and sends what may be sent; nanoseconds until there may be more. */
    long step() {
        for (Runnable next = inbox.poll(); next != null; next = inbox.poll()) {
            next.run();
        }
        lookThrough();
        while (mayCall()) {
            InFlightCall sent = lanes.poll();
            if (sent == null) {
                // at least one: Bucket4j rounds down, and a wait for less than a nanosecond is one for zero
                return Math.max(1, Math.min(lanes.nanosToNext(), LOOK_EVERY));
            }
            underWay.put(sent.request(), sent);
            call.accept(sent.request(), sent.departure());
        }
        return bounds.roomForAnswers().getAsBoolean() ? LOOK_EVERY : ROOM_AGAIN;
    }

    /**
     * Publishes a snapshot if the last one is old enough.
     *
     * @return nanoseconds until the next one is due if this one was too early; else {@link #LOOK_EVERY}
     */
    private long publishSnapshot() {
        long early = snapshotAt - time.currentTimeNanos();
        if (early > 0) {
            return early;
        }
        try {
            snapshot = lanes.state(underWay.size(), mayCall());
        } catch (RuntimeException e) {
            // Only observers miss a snapshot: calls must go on without it.
            log.atWarn().setCause(e).log("Snapshot of the lanes failed");
        }
        snapshotAt = time.currentTimeNanos() + SNAPSHOT_EVERY;
        return LOOK_EVERY;
    }

    private boolean mayCall() {
        return underWay.size() < bounds.inFlight() && bounds.roomForAnswers().getAsBoolean();
    }

    private void end(Request request, CallFeedback feedback) {
        InFlightCall sent = sent(request);
        underWay.remove(request);
        sent.lane().ended(sent, feedback).ifPresent(onBlamed);
        completeWithdrawals();
    }

    private InFlightCall sent(Request request) {
        return Objects.requireNonNull(underWay.get(request), "not under way");
    }

    private boolean isLeaving(Assignment assignment) {
        return withdrawals.stream().anyMatch(withdrawal -> withdrawal.leaving().contains(assignment));
    }

    private void completeWithdrawals() {
        withdrawals.removeIf(withdrawal -> {
            boolean ended =
                    underWay.keySet().stream().map(Request::assignment).noneMatch(withdrawal.leaving()::contains);
            if (ended) {
                withdrawal.ended().complete(null);
            }
            return ended;
        });
    }

    private void lookThrough() {
        long now = time.currentTimeNanos();
        if (now - lookAt >= 0) {
            lookAt = now + LOOK_EVERY;
            lanes.expireAll();
            lanes.tell();
        }
    }
}
