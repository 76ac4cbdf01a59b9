package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pool.LentShares;
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
 * Calls requests when their lane and the bounds of the worker allow it. One thread runs it and owns all its state. The
 * other methods are thread-safe. They send that thread a message or read what it publishes.
 */
public final class Pace implements Runnable {
    private static final Logger log = LoggerFactory.getLogger(Pace.class);
    private static final int MAX_LANES = 64;
    /**
     * The interval at which expired requests are removed and rate-limited calls are logged. It also bounds every wait.
     */
    private static final long HOUSEKEEPING_INTERVAL = Duration.ofSeconds(1).toNanos();

    /** The polling interval for free answer memory; nothing signals it. */
    private static final long ROOM_CHECK_INTERVAL = Duration.ofMillis(10).toNanos();

    /** The least time between two snapshots. A snapshot visits every lane, and a message may come every microsecond. */
    private static final long SNAPSHOT_INTERVAL = Duration.ofMillis(50).toNanos();

    /**
     * The time until a snapshot shows a call that was rejected for its rate, which other workers have to know. Calls
     * that were sent together are rejected together.
     */
    private static final long REJECTION_DELAY = Duration.ofMillis(5).toNanos();

    private final BlockingQueue<Runnable> inbox = new LinkedBlockingQueue<>();
    private final Lanes lanes;
    private final TimeMeter time;
    private final Bounds bounds;
    private final Callbacks callbacks;
    private final Runnable heartbeat;
    /** Changed only by the pace thread, which may therefore read it without the lock. */
    private final Map<Request, InFlightCall> inFlight = Collections.synchronizedMap(new IdentityHashMap<>());

    private final List<Withdrawal> withdrawals = new ArrayList<>();
    private long housekeepingAt;
    private long snapshotAt;
    /** The time from which a rejected call makes the next snapshot come early. */
    private long mayBeEarlyAt;

    private volatile PaceState snapshot = PaceState.NONE;
    private volatile Runnable onSnapshot = () -> {};
    private volatile boolean stopped;

    private record Withdrawal(Set<Assignment> leaving, CompletableFuture<Void> ended) {}

    /**
     * The bounds of the worker, which hold for all lanes together.
     *
     * @param maxInFlight the most calls in flight at once. One lane has at most half of them, express calls
     *     apart.
     * @param weights the weights of tenants whose weight is not 1
     * @param roomForAnswers returns true if answers can be taken. It is asked before each call, and must become true
     *     again without one.
     */
    public record Bounds(int maxInFlight, Map<String, Integer> weights, BooleanSupplier roomForAnswers) {}

    /**
     * The code that pace runs on its thread. None of it may block.
     *
     * @param isOver returns true if a request must not be called any more: its time is over, or it was cancelled. Asked
     *     before each call.
     * @param call starts a call. The callback that it receives must run when the request is sent, on any thread. The
     *     call must end with {@link #ended} or {@link #putBack}.
     * @param onOver takes such a request
     */
    public record Callbacks(Predicate<Request> isOver, BiConsumer<Request, Runnable> call, Consumer<Request> onOver) {}

    /** @param heartbeat runs once per loop iteration */
    public Pace(ConfiguredLimits limits, Bounds bounds, TimeMeter time, Callbacks callbacks, Runnable heartbeat) {
        LaneGroups groups = LaneGroups.of(limits.groups(), LimitShare.ALL, time);
        AllLanes all = new AllLanes(new CallSlots(bounds.maxInFlight), bounds.weights, groups);
        this.lanes = new Lanes(MAX_LANES, limits, all, time, new Lanes.Expiry(callbacks.isOver, callbacks.onOver));
        this.time = time;
        this.bounds = bounds;
        this.callbacks = callbacks;
        this.heartbeat = heartbeat;
        this.housekeepingAt = time.currentTimeNanos();
        this.snapshotAt = housekeepingAt;
        this.mayBeEarlyAt = housekeepingAt;
    }

    /**
     * Makes somebody hear of each new snapshot.
     *
     * @param listener runs on the pace thread, and must not block
     */
    public void onSnapshot(Runnable listener) {
        onSnapshot = listener;
    }

    /** Adds a request that is due to its lane. */
    public void accept(Request request) {
        inbox.add(() -> lanes.of(request).add(request));
    }

    /** Records that the answer to a call has begun to come as a stream. It may take long until the call ends. */
    public void begun(Request request) {
        inbox.add(() -> {
            InFlightCall call = inFlight.get(request);
            if (call != null) {
                call.lane().begun(call);
            }
        });
    }

    /** Records roughly how many tokens a streamed answer has so far. Where tokens are limited, they count at once. */
    public void produced(Request request, long tokens) {
        inbox.add(() -> {
            InFlightCall call = inFlight.get(request);
            if (call != null) {
                call.lane().produced(call, tokens);
            }
        });
    }

    /** Records that a call has ended, and with it the request. */
    public void ended(Request request, CallFeedback feedback) {
        inbox.add(() -> end(request, feedback));
    }

    /** Records that a call has ended through no fault of its request. The request goes back to the tail of its lane. */
    public void putBack(Request request, CallFeedback feedback) {
        inbox.add(() -> {
            // This comes before the call counts as ended, which may be the last one that a withdrawal waits for.
            if (!isLeaving(request.assignment())) {
                callOf(request).lane().putBack(request);
            }
            end(request, feedback);
        });
    }

    /** Changes the part of every limit that this worker may spend. */
    public void changeShare(LimitShare share) {
        inbox.add(() -> lanes.changeShare(share));
    }

    /** Changes what may be spent of each lane's limits for a while because other workers do not. */
    public void lend(LentShares shares) {
        inbox.add(() -> lanes.lend(shares));
    }

    /**
     * Drops the waiting requests of these assignments and calls none of them any more.
     *
     * @return completes when none of their calls is in flight
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
     * Returns the latest snapshot of all lanes, without waiting. It is at most 50 ms old while there is work, and at
     * most a second old while there is none. A call that was rejected for its rate makes the next one come early. Once
     * the thread has ended it no longer changes.
     */
    public PaceState state() {
        return snapshot;
    }

    /** Returns why lanes are stopped at this moment, by model. */
    public Map<String, String> stopReasons() {
        return lanes.stopReasons();
    }

    /** Returns what is known of other requests' calls. Must be called before the end of this call is recorded here. */
    public LaneEvidence evidence(Request request) {
        InFlightCall call = callOf(request);
        return call.lane().evidence(call);
    }

    /** Runs until {@link #stop}. */
    @Override
    public void run() {
        try {
            while (!stopped) {
                heartbeat.run();
                long wait = step();
                Runnable message = inbox.poll(Math.min(wait, publishSnapshot()), TimeUnit.NANOSECONDS);
                if (message != null) {
                    message.run();
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    public void stop() {
        inbox.add(() -> stopped = true);
    }

    /**
     * Handles all messages and starts all calls that may start now.
     *
     * @return nanoseconds until there may be more to do
     */
    long step() {
        for (Runnable next = inbox.poll(); next != null; next = inbox.poll()) {
            next.run();
        }
        keepHouse();
        while (mayCall()) {
            InFlightCall call = lanes.poll();
            if (call == null) {
                // Bucket4j rounds down, so that a wait of less than a nanosecond is zero and would spin.
                return Math.max(1, Math.min(lanes.nanosToNext(), HOUSEKEEPING_INTERVAL));
            }
            inFlight.put(call.request(), call);
            callbacks.call.accept(call.request(), call.connecting());
        }
        return bounds.roomForAnswers().getAsBoolean() ? HOUSEKEEPING_INTERVAL : ROOM_CHECK_INTERVAL;
    }

    /**
     * Publishes a snapshot if one is due.
     *
     * @return nanoseconds until the thread has to come back for the next snapshot
     */
    long publishSnapshot() {
        long early = snapshotAt - time.currentTimeNanos();
        if (early > 0) {
            return early;
        }
        try {
            snapshot = lanes.state(inFlight.size(), mayCall());
        } catch (RuntimeException e) {
            // A failed snapshot must not stop this thread: only observers miss it.
            log.atWarn().setCause(e).log("Snapshot of the lanes failed");
        }
        snapshotAt = time.currentTimeNanos() + SNAPSHOT_INTERVAL;
        onSnapshot.run();
        return snapshot.isIdle() ? HOUSEKEEPING_INTERVAL : SNAPSHOT_INTERVAL;
    }

    private boolean mayCall() {
        return inFlight.size() < bounds.maxInFlight() && bounds.roomForAnswers().getAsBoolean();
    }

    private void end(Request request, CallFeedback feedback) {
        InFlightCall call = callOf(request);
        inFlight.remove(request);
        call.lane().ended(call, feedback);
        if (feedback.kind() == CallFeedback.Kind.LIMITED) {
            showRejection();
        }
        completeWithdrawals();
    }

    private void showRejection() {
        long now = time.currentTimeNanos();
        if (now - mayBeEarlyAt >= 0) {
            mayBeEarlyAt = now + SNAPSHOT_INTERVAL;
            snapshotAt = Math.min(snapshotAt, now + REJECTION_DELAY);
        }
    }

    private InFlightCall callOf(Request request) {
        return Objects.requireNonNull(inFlight.get(request), "not in flight");
    }

    private boolean isLeaving(Assignment assignment) {
        return withdrawals.stream().anyMatch(withdrawal -> withdrawal.leaving().contains(assignment));
    }

    private void completeWithdrawals() {
        withdrawals.removeIf(withdrawal -> {
            boolean ended =
                    inFlight.keySet().stream().map(Request::assignment).noneMatch(withdrawal.leaving()::contains);
            if (ended) {
                withdrawal.ended().complete(null);
            }
            return ended;
        });
    }

    private void keepHouse() {
        long now = time.currentTimeNanos();
        if (now - housekeepingAt >= 0) {
            housekeepingAt = now + HOUSEKEEPING_INTERVAL;
            lanes.expireAll();
            lanes.logRateLimits();
        }
    }
}
