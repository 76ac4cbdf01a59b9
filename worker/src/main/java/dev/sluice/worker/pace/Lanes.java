package dev.sluice.worker.pace;

import dev.sluice.worker.intake.Assignment;
import dev.sluice.worker.intake.Request;
import dev.sluice.worker.pool.LentShares;
import io.github.bucket4j.TimeMeter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Serves one lane per model, round robin. Owned by the pace thread, except for {@link #stopReasons}.
 *
 * <p>Model names come from outside, so that the number of lanes must be bounded. Models with a limit of their own
 * always have their lane and do not count. If all other lanes are taken, a new model replaces the
 * {@linkplain Lane#isSpare spare} lane that has been idle longest. If no lane is spare, the model uses the overflow
 * lane. Requests already there stay there even after a lane becomes free.
 */
final class Lanes {
    /** The name of the overflow lane, which is not a possible model name. */
    private static final String OVERFLOW = "";

    private static final LentShares.Parts NOTHING =
            new LentShares.Parts(LentShares.Parts.UNKNOWN, LentShares.Parts.UNKNOWN);

    private final int maxLanes;
    private final Expiry expiry;
    private final ConfiguredLimits limits;
    private final TimeMeter time;
    private final Map<String, Lane> byModel = new ConcurrentHashMap<>();
    private final List<Lane> ring = new ArrayList<>();
    private final AllLanes all;
    private LimitShare share = LimitShare.ALL;
    private LentShares lent = LentShares.NONE;
    private int next;
    private long notHeldAt;

    /**
     * The rule by which requests expire.
     *
     * @param expire takes a request that has expired
     */
    record Expiry(Predicate<Request> isExpired, Consumer<Request> expire) {}

    Lanes(int maxLanes, ConfiguredLimits limits, AllLanes all, TimeMeter time, Expiry expiry) {
        this.all = all;
        this.maxLanes = maxLanes;
        this.expiry = expiry;
        this.limits = limits;
        this.time = time;
        this.notHeldAt = time.currentTimeNanos();
    }

    /** Returns the lane for a new request, and opens one if its model has none. */
    Lane of(Request request) {
        Lane present = byModel.get(request.model());
        return present != null ? present : forNewModel(request.model());
    }

    private Lane forNewModel(String model) {
        if (limits.isOwn(model) || boundedModels().count() < maxLanes) {
            return open(model, limits.of(model));
        }
        Optional<String> spare = boundedModels()
                .filter(other -> lane(other).isSpare())
                .max(Comparator.comparingLong(other -> lane(other).idleNanos()));
        if (spare.isPresent()) {
            close(spare.get());
            return open(model, limits.of(model));
        }
        Lane overflow = byModel.get(OVERFLOW);
        return overflow != null ? overflow : open(OVERFLOW, limits.others());
    }

    /** Returns the models whose lanes count towards the bound. */
    private Stream<String> boundedModels() {
        return byModel.keySet().stream().filter(model -> !model.equals(OVERFLOW) && !limits.isOwn(model));
    }

    private Lane lane(String model) {
        return Objects.requireNonNull(byModel.get(model));
    }

    private Lane open(String model, ConfiguredLimit limit) {
        Lane lane = new Lane(model, limit, time, share, all);
        lane.lend(lent.of(model).orElse(NOTHING));
        byModel.put(model, lane);
        ring.add(lane);
        return lane;
    }

    private void close(String model) {
        Lane lane = lane(model);
        int index = ring.indexOf(lane);
        ring.remove(index);
        // The turn of the others must not change.
        next -= index < next ? 1 : 0;
        byModel.remove(model);
    }

    void changeShare(LimitShare newShare) {
        // The same share again must not empty the buckets.
        if (!newShare.equals(share)) {
            share = newShare;
            ring.forEach(lane -> lane.changeShare(newShare));
        }
    }

    /** Changes what may be spent of each lane's limits because other workers do not. */
    void lend(LentShares shares) {
        lent = shares;
        byModel.forEach((model, lane) -> lane.lend(shares.of(model).orElse(NOTHING)));
    }

    /** Returns the next call that may start now, from the lane whose turn it is. */
    @Nullable
    InFlightCall poll() {
        if (!lent.byModel().isEmpty() && time.currentTimeNanos() - lent.validUntil() >= 0) {
            lend(LentShares.NONE);
        }
        for (int i = 0; i < ring.size(); i++) {
            int turn = (next + i) % ring.size();
            Lane lane = ring.get(turn);
            lane.expireFirst(expiry);
            InFlightCall call = lane.poll();
            if (call != null) {
                next = (turn + 1) % ring.size();
                return call;
            }
        }
        return null;
    }

    long nanosToNext() {
        return ring.stream().mapToLong(Lane::nanosToNext).min().orElse(Lane.NEVER);
    }

    /** Removes every expired request, wherever it waits. */
    void expireAll() {
        ring.forEach(lane -> lane.expireAll(expiry));
    }

    void logRateLimits() {
        ring.forEach(Lane::logRateLimits);
    }

    void drop(Set<Assignment> gone) {
        ring.forEach(lane -> lane.drop(gone));
    }

    /** @param workerHasRoom true if the worker may have more calls in flight, of any lane */
    PaceState state(int inFlight, boolean workerHasRoom) {
        List<LaneState> lanes = byModel.entrySet().stream()
                .map(lane -> lane.getValue().state(lane.getKey(), workerHasRoom))
                .toList();
        return new PaceState(share, inFlight, heldFor(), lanes);
    }

    private Duration heldFor() {
        long now = time.currentTimeNanos();
        boolean flowsOne = ring.stream().anyMatch(lane -> lane.isBusy() && !lane.isStopped());
        // The requests of a stopped lane may all wait in delay topics for their next call.
        boolean isOneHeld = ring.stream().anyMatch(Lane::isHeldOfLate);
        if (flowsOne || !isOneHeld) {
            notHeldAt = now;
        }
        return Duration.ofNanos(now - notHeldAt);
    }

    /** Returns why lanes are stopped, by model. Thread-safe. */
    Map<String, String> stopReasons() {
        Map<String, String> reasons = new TreeMap<>();
        byModel.forEach((model, lane) -> lane.stopReason().ifPresent(reason -> reasons.put(model, reason)));
        return reasons;
    }
}
